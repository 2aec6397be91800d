"""At which version the facts of a patient's record last changed."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
branch_labels = depends_on = None


def upgrade() -> None:
    """Add the column; of each record so far it is the present version."""
    with op.batch_alter_table("patients") as table:
        table.add_column(sa.Column("facts", sa.Integer(), nullable=True))
    op.execute("UPDATE patients SET facts = version")
    with op.batch_alter_table("patients") as table:
        table.alter_column("facts", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    """Take it out."""
    with op.batch_alter_table("patients") as table:
        table.drop_column("facts")
