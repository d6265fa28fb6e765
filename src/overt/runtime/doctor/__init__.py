"""What `overt doctor` looks at: whether a machine is fit to run deployments, and what to do.

Each check is a function from facts to a finding. Facts are read beside them, so that every
finding can be had without the machine that it is of. A finding names no
account and no listed person, and shows no camera's password.
"""

from overt.runtime.doctor.checkup import checkup
from overt.runtime.doctor.findings import Finding, Standing

__all__ = ["Finding", "Standing", "checkup"]
