import pickle

from models.errors import MissingDependencyError


def test_a_missing_package_is_told_across_processes() -> None:
    error = MissingDependencyError("crowd-kit", "people")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (MissingDependencyError, str(error))
    assert "pip install 'prelabel[people]'" in str(again)
