"""A mark of tests that are the same for an archive in a folder and in a bucket."""

import pytest

BUCKET = pytest.param("bucket", marks=pytest.mark.heavy)
both_places = pytest.mark.parametrize("place", ["folder", BUCKET], indirect=True)
in_a_bucket = pytest.mark.parametrize("place", [BUCKET], indirect=True)
