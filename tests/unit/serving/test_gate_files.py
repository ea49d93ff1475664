from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serving.gate_files import read_labelled, read_pool, read_validation


def _file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "items.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_columns_in_any_order_among_others(tmp_path: Path) -> None:
    read = read_validation(_file(tmp_path, "loss, confidence ,id,stratum,inclusion\n0,.9,1,猫,0.5\n\n.25, 1 ,2,b,1\n"))
    assert read.confidences.tolist() == [0.9, 1.0]
    assert read.losses.tolist() == [0.0, 0.25]
    assert read.strata is not None
    assert read.strata.tolist() == ["猫", "b"]
    assert read.inclusion is not None
    assert read.inclusion.tolist() == [0.5, 1.0]


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    read = read_validation(_file(tmp_path, "confidence,loss\n0.5,1\n"))
    assert read.strata is None
    assert read.inclusion is None
    pool = read_pool(_file(tmp_path, "confidence\n0.5\n"))
    assert pool.confidences.tolist() == [0.5]
    assert pool.strata is None
    assert pool.inclusion is None


def test_a_spreadsheet_writes_a_mark_and_quotes(tmp_path: Path) -> None:
    path = _file(tmp_path, 'confidence,stratum\r\n"0.5","a, b"\r\n', encoding="utf-8-sig")
    read = read_pool(path)
    assert read.strata is not None
    assert read.strata.tolist() == ["a, b"]


@pytest.mark.parametrize("column", ["correct\n0.9,1\n0.8,False\n0.7,YES", "loss\n0.9,0\n0.8,1\n0.7,0"])
def test_correct_is_the_opposite_of_loss(tmp_path: Path, column: str) -> None:
    read = read_labelled(_file(tmp_path, f"confidence,{column}\n"))
    assert read.losses.tolist() == [0.0, 1.0, 0.0]
    assert read.predicted is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("confidence,loss\n0.5,1\n0.6,x\n", "items.csv, line 3, column 'loss': 'x' is not a number in [0, 1]"),
        ("confidence,loss\n\n0.5,\n", "items.csv, line 3, column 'loss': '' is not a number in [0, 1]"),
        ("confidence,loss\n1.2,1\n", "items.csv, line 2, column 'confidence': '1.2' is not a number in [0, 1]"),
        ("confidence,loss\n0.5,nan\n", "items.csv, line 2, column 'loss': 'nan' is not a number in [0, 1]"),
        ("confidence,loss,inclusion\n0.5,1,0\n", "line 2, column 'inclusion': '0' is not a number in (0, 1]"),
        ("confidence,loss,stratum\n0.5,1, \n", "line 2, column 'stratum': '' is not a name"),
        ("confidence,los\n0.5,1\n", "items.csv, line 1: there is no column 'loss' among 'confidence', 'los'"),
        ("loss,confidence,loss\n1,0.5,1\n", "items.csv, line 1: there is more than one column 'loss'"),
        ("confidence,loss\n0.5,1,2\n", "items.csv, line 2: 3 cells, but 2 columns"),
        ("confidence,loss\n", "items.csv has no rows"),
        ("", "items.csv has no rows"),
        ('confidence,loss\n0.5,"1\n', "items.csv is not CSV"),
    ],
)
def test_errors_name_file_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_validation(_file(tmp_path, text))
    assert said in str(raised.value)


def test_a_word_that_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 2, column 'correct': 'maybe' is not one of 1, true, yes"):
        read_labelled(_file(tmp_path, "confidence,correct\n0.5,maybe\n"))


@pytest.mark.parametrize("columns", ["confidence,predicted\n0.5,a\n", "confidence,loss,correct\n0.5,1,0\n"])
def test_correct_or_loss_and_not_both(tmp_path: Path, columns: str) -> None:
    with pytest.raises(ConfigurationError, match="a column 'loss' or a column 'correct', one of them"):
        read_labelled(_file(tmp_path, columns))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read .*nowhere.csv: No such file"):
        read_pool(tmp_path / "nowhere.csv")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_pool(_file(tmp_path, "confidence\n0.5é\n", encoding="latin-1"))
