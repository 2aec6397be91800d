"""Drawing: the images of one scan with what every picture of them needs."""

from neurolupus.records.measured import MeasuredScan
from neurolupus.report import figures
from neurolupus.report.display import Plane, View, busiest_index, head_box
from neurolupus.report.figures import Picture

FRAME_MM = (164.0, 196.0)  # wide and long enough for the brain of nearly everybody, scalp left out


class Drawing:
    """The images of one scan with what every picture of them needs: the box around the brain, black and white.

    Parameters
    ----------
    measured : MeasuredScan
    """

    def __init__(self, measured: MeasuredScan) -> None:
        self.measured = measured
        self.voxel_size_mm = measured.t1w.voxel_size_mm
        self.box = head_box(measured.intracranial_mask, self.voxel_size_mm)
        self.brain_box = head_box(measured.intracranial_mask, self.voxel_size_mm, margin_mm=0.0)
        self.t1w_grey = figures.grey_range(measured.t1w_corrected, measured.intracranial_mask)
        flair = measured.flair
        self.flair_grey = figures.grey_range(flair, measured.intracranial_mask, top=99.9) if flair is not None else None

    def view(self, plane: Plane, pixels_per_mm: float) -> View:
        """The telling slice of a plane: through most hyperintense voxels, else through the brain's middle."""
        mask = self.measured.wmh_mask
        busiest = busiest_index(mask, plane) if mask is not None else None
        return View(
            plane,
            self._quiet_index(plane) if busiest is None else busiest,
            self.box,
            self.voxel_size_mm,
            pixels_per_mm,
        )

    def framed(self, pixels_per_mm: float) -> View:
        """The telling axial slice in a frame of the same size for every head, so that pictures stand in rows."""
        return self.view("axial", pixels_per_mm).framed(*FRAME_MM, self.brain_box.centre)

    def _quiet_index(self, plane: Plane) -> int:
        axis = {"sagittal": 0, "coronal": 1, "axial": 2}[plane]
        share = {"sagittal": 0.46, "coronal": 0.5, "axial": 0.56}[plane]  # axial: the bodies of the lateral ventricles
        return round(self.box.start[axis] + share * (self.box.stop[axis] - 1 - self.box.start[axis]))

    def t1w(self, view: View) -> Picture:
        """A slice of the bias-corrected T1w."""
        return figures.draw_grey(self.measured.t1w_corrected, view, self.t1w_grey)

    def flair(self, view: View) -> Picture:
        """A slice of the aligned FLAIR; of the T1w when there is no FLAIR."""
        if self.measured.flair is None or self.flair_grey is None:
            return self.t1w(view)
        return figures.draw_grey(self.measured.flair, view, self.flair_grey)

    def heat(self, view: View) -> Picture:
        """WMH probability painted on the FLAIR."""
        picture, probability = self.flair(view), self.measured.wmh_probability
        return picture if probability is None else figures.draw_heat(picture, probability, view)

    def tissue(self, view: View, opacity: float = 0.62) -> Picture:
        """Grey matter, white matter and CSF painted on the T1w."""
        m = self.measured
        colours, alpha = figures.tissue_paint(m.gm, m.wm, m.csf, view)
        return figures.blend(self.t1w(view), colours, alpha * opacity)
