"""SQL that makes up the items of a project, and all that the pipeline and people left of them: runs on both databases.

Everything follows from an item's number, by multiplication modulo primes, so that two runs make the same store. Items
arrive evenly over ``DAYS`` days. A tenth is of the validation fold; the confidence is ``1 - h * h / 2`` of a uniform
``h``, so that about 70 % lie at or above the threshold.
"""

from __future__ import annotations

DAYS = 90
THRESHOLD = 0.75
DEAD, GONE, CORRECTED = 0.002, 0.012, 0.6
"""Of the older items: shares given up, deleted, and, of suggestions, labelled by somebody."""
CORPUS = (
    "the parcel came two days late and the box was torn but what was inside it works as it should and looks better "
    "than in the pictures so that all in all it was worth the wait although nobody answered when we asked where it "
    "had got to and the second half of the order is still on its way somewhere between here and the coast "
)
WORDS = 160
"""Characters of one item's text."""

HASHED = """
WITH RECURSIVE seq(i) AS (SELECT CAST(1 AS {big}) UNION ALL SELECT i + 1 FROM seq WHERE i < {n}),
hashed AS (SELECT i, i * 1.0 / {n} AS pos, mod(i * 7919, 1000003) / 1000003.0 AS draw,
  mod(i * 104729, 999983) / 999983.0 AS fate, mod(i * 1299709, 999979) / 999979.0 AS side,
  mod(i * 15485863, 999961) / 999961.0 AS h, mod(i * 611953, 999959) / 999959.0 AS lot FROM seq),
told AS (SELECT i, pos, draw, fate, lot, 1.0 - h * h / 2.0 AS confidence,
  CASE WHEN side < 0.1 THEN 'validation' ELSE 'train' END AS fold,
  CASE WHEN side < 0.1 AND draw < {cut} AND pos < 0.985 THEN 1 ELSE 0 END AS sample,
  CASE WHEN lot < 0.02 AND h * h / 2.0 <= 1 - {threshold} AND pos > 0.01 THEN 1 ELSE 0 END AS audit,
  CASE WHEN pos > 0.98 AND fate < 0.4 THEN 'received' WHEN pos > 0.98 AND fate < 0.45 THEN 'scored'
    WHEN pos > 0.98 AND fate < 0.5 THEN 'decided'
    WHEN fate < {dead} THEN 'dead' WHEN fate < {gone} THEN 'gone' ELSE 'done' END AS place FROM hashed),
ended AS (SELECT told.*, CASE WHEN place <> 'done' THEN place WHEN sample = 1 OR pos < 0.003 THEN 'labeled'
    WHEN audit = 1 THEN CASE WHEN pos > 0.984 THEN 'published' ELSE 'labeled' END
    WHEN confidence < {threshold} AND fate < {corrected} THEN 'labeled' ELSE 'published' END AS state FROM told)
"""
ITEMS = (
    HASHED
    + """
INSERT INTO item (id, project_id, task_id, digest, data, fold, draw, state, priority, revision, lease_until, attempts,
  not_before, last_error, route, reason, blind, inclusion, opinions, prediction_id, confidence, model_version, asked,
  need_id, settled, received_at, updated_at)
SELECT {first} + i, {project}, {first} + i, '{digest}',
  {json_open}'{{"text": "' || substr('{corpus}', CAST(1 + mod(i * 31, {corpus_length}) AS integer), {words})
    || '", "n": ' || i || '}}'{json_close},
  fold, draw, state, 0, 1, 0, CASE WHEN state = 'dead' THEN 5 ELSE 0 END, 0,
  CASE WHEN state = 'dead' THEN 'the text cannot be read: it has no words' END,
  CASE WHEN state IN ('received', 'scored') THEN NULL WHEN sample = 1 OR audit = 1 THEN 'audit'
    WHEN confidence >= {threshold} AND pos >= 0.003 THEN 'accept' ELSE 'suggest' END,
  CASE WHEN state IN ('received', 'scored') THEN NULL WHEN sample = 1 THEN 'validation_sample'
    WHEN audit = 1 THEN 'blind_audit' WHEN confidence >= {threshold} AND pos >= 0.003 THEN 'certified'
    ELSE 'below_threshold' END,
  {true} = ((sample = 1 OR audit = 1) AND state NOT IN ('received', 'scored')),
  CASE WHEN sample = 1 THEN {cut} WHEN audit = 1 THEN 0.02 END,
  CASE WHEN sample = 1 AND lot < 0.2 THEN 2 WHEN state = 'labeled' AND audit = 0 AND lot BETWEEN 0.3 AND 0.302 THEN 2
    ELSE 1 END,
  CASE WHEN state = 'received' THEN NULL ELSE {first} + i END,
  CASE WHEN state = 'received' THEN NULL ELSE confidence END,
  CASE WHEN state = 'received' THEN NULL WHEN pos < 0.3 AND state = 'labeled' THEN 'm1' ELSE 'm2' END,
  CASE WHEN fold = 'train' AND ((state = 'labeled' AND mod(i, 20) = 0) OR (state = 'published' AND pos > 0.98
    AND confidence < {threshold})) THEN i END,
  CASE WHEN mod(i, 10) = 0 THEN {need} + mod(i / 10, 2) END, {true} = (state = 'labeled'),
  {now} - {span} + {span} * pos, {now} - {span} + {span} * pos + 3600
FROM ended
"""
)
PREDICTIONS = """
INSERT INTO prediction (id, item_id, revision, model_version, prediction, created_at)
SELECT id, id, 1, model_version, {json_open}'{{"key": "' || id || '", "regions": [{{"control": "mood", "value": '
  || '{{"kind": "choices", "labels": ["' || CASE WHEN mod(id, 5) < 3 THEN 'good' ELSE 'bad' END
  || '"]}}, "score": ' || confidence || ', "group": null, "size": null}}], "confidence": ' || confidence
  || ', "model_version": "' || model_version || '", "numbers": {{"margin": 0.4, "input_words": ' || (20 + mod(id, 13))
  || '}}}}'{json_close}, received_at + 30
FROM item WHERE project_id = {project} AND prediction_id IS NOT NULL
"""
CERTIFICATE = "(SELECT max(certificate.id) FROM certificate WHERE certificate.project_id = item.project_id)"
DECISIONS = """
INSERT INTO decision (item_id, revision, prediction_id, certificate_id, route, reason, numbers, blind, inclusion,
  created_at)
SELECT id, 1, prediction_id, CASE WHEN route IN ('accept', 'audit') THEN {certificate} END, route, reason,
  {json_open}'{{"confidence": ' || confidence || ', "threshold": {threshold}}}'{json_close}, blind, inclusion,
  received_at + 60
FROM item WHERE route IS NOT NULL AND prediction_id IS NOT NULL ORDER BY received_at, id
"""
AGAIN = """
INSERT INTO decision (item_id, revision, prediction_id, certificate_id, route, reason, numbers, blind, inclusion,
  created_at)
SELECT id, 1, prediction_id, {certificate}, route, reason, {json_open}'{{"confidence": ' || confidence
  || ', "threshold": {threshold}}}'{json_close}, blind, inclusion, {now} - 3600
FROM item WHERE route = 'accept' AND mod(id, 25) = 0 ORDER BY id
"""
OUTBOX = """
INSERT INTO outbox (project_id, item_id, revision, kind, model_version, prediction_id, state, lease_until, attempts,
  not_before, last_error, created_at, updated_at)
SELECT {project}, id, 1, '{kind}', model_version, prediction_id,
  CASE WHEN state = 'decided' THEN 'pending' WHEN mod(id, 997) = 0 THEN 'dead' ELSE 'sent' END, 0, 1, 0,
  CASE WHEN mod(id, 997) = 0 AND state <> 'decided' THEN 'Label Studio refuses the prediction' END,
  received_at + 60, received_at + 90
FROM item WHERE project_id = {project} AND state IN ('decided', 'published', 'labeled') AND route IN ({routes})
ORDER BY id
"""
LABELS = """
INSERT INTO label (project_id, item_id, annotation_id, completed_by, regions, was_cancelled, deleted, set_aside,
  lead_time, role, inclusion, prediction_id, loss, remote_updated_at, created_at)
SELECT {project}, id, {offset} + id, {user} + mod(id / 3 + {offset}, {people}),
  {json_open}'[{{"control": "mood", "value": {{"kind": "choices", "labels": ["'
  || CASE WHEN (mod(id, 5) < 3) = (mod(id, 17) > 0) THEN 'good' ELSE 'bad' END
  || '"]}}, "score": null, "group": null, "size": null}}]'{json_close},
  {true} = (mod(id, 101) = 0), {true} = (mod(id, 211) = 0), {false}, 5 + mod(id, 40),
  CASE WHEN reason = 'validation_sample' THEN 'validation' WHEN reason = 'blind_audit' THEN 'audit'
    WHEN id - {first} < {n} * 0.003 THEN 'train' ELSE 'correction' END,
  inclusion, prediction_id, CASE WHEN mod(id, 17) = 0 THEN 1.0 ELSE 0.0 END, received_at + 3600 + {later},
  received_at + 3600 + {later}
FROM item WHERE project_id = {project} AND state = 'labeled' AND opinions >= {opinions} ORDER BY id
"""
