"""SQL that makes up what was seen of a project over time, and what other versions said of its items; see ``items``."""

from __future__ import annotations

CHANGES, WINDOWS = 20_000, 400
"""Rows of the audit log, and windows that were compared, of a project."""
FINE, COARSE = 180, 8_640 - 36
"""Samples of a stage: each minute of 3 hours, and each fifth of the 30 days before them."""
SAID_BESIDE = 100_000_000
"""What a version said of items that another one decided has ids from here, so many apart."""

CHANGE_ROWS = """
WITH RECURSIVE seq(i) AS (SELECT CAST(1 AS {big}) UNION ALL SELECT i + 1 FROM seq WHERE i < {changes})
INSERT INTO change (at, role, actor, action, project, subject, params, reason)
SELECT {now} - {span} + {span} * i / {changes}, CASE WHEN mod(i, 3) = 0 THEN 'cli' ELSE 'operator' END,
  'operator-' || mod(i, 5), 'settings changed', '{slug}', '{slug}', {json_open}'{{"audit_rate": 0.02}}'{json_close},
  'more audits are wanted for a while' FROM seq
"""
SAMPLES = """
WITH RECURSIVE seq(i) AS (SELECT CAST(0 AS {big}) UNION ALL SELECT i + 1 FROM seq WHERE i < {fine} + {coarse} - 1),
placed AS (SELECT i, CASE WHEN i < {fine} THEN i * 60 ELSE {fine} * 60 + (i - {fine}) * 300 END AS ago FROM seq),
part(stage, share, depth) AS (SELECT 'score', 1.0, 400 UNION ALL SELECT 'decide', 1.0, 50 UNION ALL SELECT 'publish',
  0.5, 200 UNION ALL SELECT 'people', 0.2, 9000)
INSERT INTO stage_sample (project_id, slot, stage, at, done, seconds, waiting)
SELECT {project}, CAST({now} AS {big}) / 60 * 60 - ago, stage, {now} - ago,
  CAST({n} * share * (1.0 - ago / 2600000.0) AS {big}), {n} * share * (1.0 - ago / 2600000.0) / 120,
  depth + mod(i * 37, 100) FROM placed, part
"""
DRIFTS = """
WITH RECURSIVE seq(i) AS (SELECT CAST(1 AS {big}) UNION ALL SELECT i + 1 FROM seq WHERE i < {windows}),
figure(name) AS (SELECT 'confidence' UNION ALL SELECT 'answer' UNION ALL SELECT 'margin' UNION ALL SELECT 'input_words')
INSERT INTO drift_window (project_id, newest, figure, certificate_id, at, "window", psi, distance, p_value, alarm)
SELECT {project}, {first} + i, name, (SELECT max(id) FROM certificate WHERE project_id = {project}),
  {now} - {span} / 2 + {span} / 2 * i / {windows}, 500, 0.01 + mod(i * 31, 100) / 2000.0, 0.02 + mod(i, 7) / 100.0,
  0.05 + mod(i * 13, 90) / 100.0, {true} = (mod(i, 97) = 0)
FROM seq, figure
"""
BESIDE = """
INSERT INTO prediction (id, item_id, revision, model_version, prediction, created_at)
SELECT {offset} + item.id, item.id, 1, '{version}', said.prediction, said.created_at + 60
FROM item JOIN prediction AS said ON said.id = item.prediction_id
WHERE item.project_id = {project} AND item.model_version <> '{version}'
  AND (item.reason = 'validation_sample' OR ('{version}' = '{shadow}' AND mod(item.id, 50) = 0))
"""
STATEMENTS = (CHANGE_ROWS, SAMPLES, DRIFTS)
"""Of a project, in any order; its certificates are there."""
