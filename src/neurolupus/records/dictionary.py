"""The data dictionary: every column of volumes.tsv, in order, with its unit and meaning."""

from neurolupus.records.measurement import Definition

_TISSUE = "Sum of the partial-volume fraction over the voxels of the intracranial mask"
_NEAR = "mean over the periventricular lesions of 0.03 ml and more; n/a without one."
_FAR = "mean over the deep and juxtacortical lesions of 0.03 ml and more; n/a without one."
_LOBES = "Planes in MNI space, borders right to about 1 cm; lesions below the tentorium are in none."

DICTIONARY: tuple[Definition, ...] = (
    Definition("participant_id", "", "BIDS participant, with its prefix sub-."),
    Definition("session_id", "", "BIDS session, with its prefix ses-; n/a without sessions."),
    Definition("gm_ml", "ml", f"Grey matter. {_TISSUE} of the lesion-filled T1w."),
    Definition(
        "wm_ml",
        "ml",
        f"White matter, filled white matter hyperintensities included. {_TISSUE} of the lesion-filled T1w.",
    ),
    Definition("csf_ml", "ml", f"Cerebrospinal fluid inside the skull, ventricles included. {_TISSUE}."),
    Definition("tiv_ml", "ml", "Total intracranial volume: gm_ml + wm_ml + csf_ml; ends at the foramen magnum."),
    Definition("tbv_ml", "ml", "Total brain volume: gm_ml + wm_ml."),
    Definition("gm_tiv", "1", "gm_ml / tiv_ml."),
    Definition("wm_tiv", "1", "wm_ml / tiv_ml."),
    Definition("tbv_tiv", "1", "tbv_ml / tiv_ml."),
    Definition(
        "wmh_ml",
        "ml",
        "White matter hyperintensities: voxels whose probability reaches the threshold (0.2 unless chosen otherwise). "
        "Infarct-like lesions are left out. "
        "wmh_ml_low and wmh_ml_high: where the true volume lies in 95 of 100 simulated scans of heads never seen.",
    ),
    Definition("wmh_expected_ml", "ml", "Sum of the WMH probability over the brain: no threshold."),
    Definition(
        "wmh_operating_ml",
        "ml",
        "WMH at the model's operating point: lesions it is somewhere sure of, out to half of their brightness.",
    ),
    Definition("wmh_operating_count", "1", "Connected components (26 neighbours) of the mask at the operating point."),
    Definition(
        "wmh_operating_sdc_ml",
        "ml",
        "Smallest change of wmh_operating_ml between two scans of one protocol (2D or 3D FLAIR) that is more than "
        "noise, 95 %.",
    ),
    Definition(
        "wmh_sdc_ml",
        "ml",
        "Smallest change of wmh_ml between two scans of one protocol (2D or 3D FLAIR) that is more than noise, 95 %; "
        "known at the threshold 0.2 alone.",
    ),
    Definition("wmh_tiv", "1", "wmh_ml / tiv_ml."),
    Definition("wmh_count", "1", "Connected components (26 neighbours) of the WMH mask, infarct-like ones left out."),
    Definition(
        "wmh_periventricular_ml", "ml", "WMH of lesions that come within 3 mm of a lateral or the third ventricle."
    ),
    Definition("wmh_deep_ml", "ml", "WMH of lesions that touch neither ventricle nor cortex, above the tentorium."),
    Definition("wmh_juxtacortical_ml", "ml", "WMH of lesions that touch the cortex, above the tentorium."),
    Definition("wmh_infratentorial_ml", "ml", "WMH of lesions of the cerebellum and brain stem."),
    Definition("wmh_periventricular_count", "1", "Lesions that come within 3 mm of a lateral or the third ventricle."),
    Definition("wmh_deep_count", "1", "Lesions that touch neither ventricle nor cortex, above the tentorium."),
    Definition("wmh_juxtacortical_count", "1", "Lesions that touch the cortex, above the tentorium."),
    Definition("wmh_infratentorial_count", "1", "Lesions of the cerebellum and brain stem."),
    Definition(
        "wmh_confluent_ml", "ml", "WMH of periventricular lesions that reach further than 10 mm from the ventricle."
    ),
    Definition("wmh_confluent_count", "1", "Periventricular lesions that reach further than 10 mm from the ventricle."),
    Definition("wmh_black_hole_ml", "ml", "Part of the WMH that is darker than grey matter on T1w."),
    Definition("wmh_black_hole_count", "1", "Lesions at least half of which is darker than grey matter on T1w."),
    Definition("wmh_periventricular_solidity", "1", f"Volume / volume of the convex hull, {_NEAR}"),
    Definition("wmh_periventricular_convexity", "1", f"Surface of the convex hull / surface, {_NEAR}"),
    Definition("wmh_periventricular_concavity_index", "1", f"Root of (2 - convexity)^2 + (1 - solidity)^2, {_NEAR}"),
    Definition("wmh_periventricular_fractal_dimension", "1", f"Fractal dimension by counting boxes, {_NEAR}"),
    Definition("wmh_deep_eccentricity", "1", f"Shortest / longest diameter, 1 when round, {_FAR}"),
    Definition("wmh_deep_fractal_dimension", "1", f"Fractal dimension by counting boxes, {_FAR}"),
    Definition("wmh_left_ml", "ml", "WMH of the patient's left side, by an affine fit to the head atlas."),
    Definition("wmh_right_ml", "ml", "WMH of the patient's right side, by an affine fit to the head atlas."),
    Definition("wmh_frontal_ml", "ml", f"WMH of the frontal lobes. {_LOBES}"),
    Definition("wmh_parietal_ml", "ml", f"WMH of the parietal lobes. {_LOBES}"),
    Definition("wmh_temporal_ml", "ml", f"WMH of the temporal lobes. {_LOBES}"),
    Definition("wmh_occipital_ml", "ml", f"WMH of the occipital lobes. {_LOBES}"),
    Definition("wmh_central_ml", "ml", f"WMH of deep nuclei, capsules and insula. {_LOBES}"),
    Definition(
        "infarct_like_count",
        "1",
        "Lesions longer than 15 mm with a core as dark as fluid on T1w, or drawn as such by a rater; a class of their "
        "own, in no column of WMH.",
    ),
    Definition("infarct_like_ml", "ml", "Volume of infarct-like lesions, their dark cores included."),
    Definition("flair_dim", "", "2D or 3D acquisition of the FLAIR; none when the T1w was measured alone."),
    Definition("flair_slice_mm", "mm", "Longest edge of the FLAIR's voxels: of 2D FLAIR the distance of its slices."),
    Definition("wmh_threshold", "1", "Probability at and above which a voxel counts as WMH."),
    Definition(
        "wmh_method",
        "",
        "What found the hyperintensities: model, own map, or name and version of a method, or a rater; n/a without "
        "FLAIR.",
    ),
    Definition("qc_snr_gm", "1", "Signal-to-noise of grey matter: mean / (SD * sqrt(n / (n - 1))), T1w."),
    Definition("qc_snr_wm", "1", "Signal-to-noise of white matter, T1w."),
    Definition("qc_cnr", "1", "Contrast-to-noise: |mean WM - mean GM| / sqrt(var GM + var WM + var background), T1w."),
    Definition(
        "qc_cjv", "1", "Coefficient of joint variation: (SD WM + SD GM) / |mean WM - mean GM|, T1w; lower is better."
    ),
    Definition("qc_efc", "1", "Entropy focus criterion of the T1w, 0 to 1; rises with motion and ghosts."),
    Definition("qc_registration_nmi", "1", "Normalised mutual information of FLAIR and T1w in the head, 1 to 2."),
    Definition("qc_flair_cover", "1", "Share of the brain mask within the FLAIR's field of view; n/a without FLAIR."),
    Definition(
        "qc_cut_cm2",
        "cm2",
        "Largest area over which the intracranial mask meets one side of what the T1w shows; 0 when all of it is seen.",
    ),
    Definition("qc_atlas_overlap", "1", "Share of the tissue classes that head and atlas have in common, 0 to 1."),
    Definition(
        "qc_warnings", "1", "Number of warnings; their words are in the report and in the JSON beside the volumes."
    ),
    Definition(
        "usable",
        "",
        "false when the volumes must not be analysed: infarct-like lesion, declared disease, a FLAIR "
        "that does not align with the T1w.",
    ),
    Definition("unusable_reason", "", "Why the volumes are unusable; n/a when they are usable."),
    Definition("version", "", "Version of neurolupus that measured; versions must not be mixed in one analysis."),
)
BOUNDED = ("gm_ml", "wm_ml", "csf_ml", "tiv_ml", "tbv_ml", "wmh_ml")  # have _low and _high beside them
INTERVAL = "Bounds of a 95 % interval unless the description says otherwise."
