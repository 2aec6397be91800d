"""Second factors of users."""

import sqlalchemy as sa
from alembic import op

from neurolupus.store.moment import Moment

revision, down_revision = "0002", "0001"
branch_labels = depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "second_factors",
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("recovery", sa.JSON(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_second_factors_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_second_factors")),
    )


def downgrade() -> None:
    """Take it out, with every second factor."""
    op.drop_table("second_factors")
