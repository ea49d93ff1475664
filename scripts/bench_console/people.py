"""SQL that makes up people, their work, reviews and known answers; see ``items``."""

from __future__ import annotations

PEOPLE, FIRST_USER, REVIEWERS = 60, 100, 5
"""People of a project, Label Studio's user id of the first, and how many of them review."""
GOLD = 500

TRAINERS = """
WITH RECURSIVE seq(i) AS (SELECT CAST(0 AS {big}) UNION ALL SELECT i + 1 FROM seq WHERE i < {people} - 1)
INSERT INTO trainer (id, platform_url, user_id, email, name, created_at)
SELECT {trainer} + i, '{url}', {user} + i, 'person-' || ({user} + i) || '@example.com', 'Person ' || ({user} + i),
  {now} - {span} FROM seq
"""
DESKS = """
INSERT INTO desk (project_id, trainer_id, offered, seen_at, reviews)
SELECT {project}, id, 100, {now} - mod(id, 50) * 60, {true} = (user_id < {user} + {reviewers})
FROM trainer WHERE id >= {trainer} AND id < {trainer} + {people}
"""
SKILLS = """
INSERT INTO skill (trainer_id, domain, language, task, level, source, updated_at)
SELECT id, '', 'en', '', 1 + mod(id, 3), 'operator', {now} FROM trainer
WHERE id >= {trainer} AND id < {trainer} + {people}
"""
ACCURACIES = """
INSERT INTO accuracy (trainer_id, domain, language, task, unsure, agreed, differed, updated_at)
SELECT id, '', '', '', {true} = (mod(id, 2) = 0), 300 + mod(id, 100), 10 + mod(id, 30), {now} FROM trainer
WHERE id >= {trainer} AND id < {trainer} + {people}
"""
WORK = """
INSERT INTO work (project_id, item_id, trainer_id, kind, state, why, granted_at, until, beat_at, extended, ended_at)
SELECT {project}, item_id, {trainer} + completed_by - {user},
  CASE role WHEN 'train' THEN 'teaching' WHEN 'correction' THEN 'suggestion' ELSE role END,
  CASE WHEN was_cancelled THEN 'skipped' WHEN mod(id, 50) = 0 THEN 'late' ELSE 'done' END,
  {json_open}'{{"code": "suggestion", "waited_s": ' || (mod(id, 30) / 10.0) || '}}'{json_close},
  created_at - lead_time, created_at + 600, created_at - 1, {false}, created_at
FROM label WHERE project_id = {project} AND completed_by >= {user} AND completed_by < {user} + {people} ORDER BY id
"""
HELD = """
INSERT INTO work (project_id, item_id, trainer_id, kind, state, why, granted_at, until, beat_at, extended)
SELECT {project}, id, {trainer} + mod(id, {people}), 'suggestion', 'held',
  {json_open}'{{"code": "suggestion", "waited_s": 0.5}}'{json_close}, {now} - 60, {now} + 864000, {now}, {false}
FROM item WHERE project_id = {project} AND state = 'published' AND route = 'suggest'
ORDER BY draw LIMIT 20
"""
REVIEWS = """
INSERT INTO review (project_id, item_id, label_id, author, revision, state, drawn_at, due_at, reviewer_id, decided_by,
  decided_at, code, note, appealed_at, appeal, answer, closed_at)
SELECT {project}, item_id, id, completed_by, 1,
  CASE WHEN id > {last} - 2000 THEN 'pending' WHEN mod(id, 100) = 20 THEN 'rejected'
    WHEN mod(id, 100) = 40 THEN 'appealed' ELSE 'accepted' END,
  created_at, created_at + 864000, CASE WHEN id > {last} - 2000 THEN NULL ELSE {trainer} + mod(id, {reviewers}) END,
  CASE WHEN id > {last} - 2000 THEN NULL ELSE 'reviewer' END,
  CASE WHEN id > {last} - 2000 THEN NULL ELSE created_at + 7200 END,
  CASE WHEN id <= {last} - 2000 AND mod(id, 100) IN (20, 40) THEN 'wrong_label' END, '',
  CASE WHEN id <= {last} - 2000 AND mod(id, 100) = 40 THEN created_at + 9000 END,
  CASE WHEN id <= {last} - 2000 AND mod(id, 100) = 40 THEN 'it says so in the text' END, '',
  CASE WHEN id > {last} - 2000 OR mod(id, 100) = 40 THEN NULL ELSE created_at + 7200 END
FROM label WHERE project_id = {project} AND role = 'correction' AND mod(id, 20) = 0 ORDER BY id
"""
TURNS = """
INSERT INTO review_turn (project_id, item_id, review_id, trainer_id, appeal, state, granted_at, until, ended_at, why)
SELECT {project}, item_id, id, reviewer_id, {false}, 'done', drawn_at, drawn_at + 600, decided_at, ''
FROM review WHERE project_id = {project} AND reviewer_id IS NOT NULL ORDER BY id
"""
GOLD_ITEMS = """
INSERT INTO gold (project_id, item_id, domain, language, task, revision, regions, source, uses, created_at)
SELECT project_id, item_id, '', '', '', 1, regions, 'label', 10, created_at FROM label
WHERE project_id = {project} AND role = 'validation' AND NOT was_cancelled AND NOT deleted
  AND id IN (SELECT min(id) FROM label WHERE project_id = {project} AND role = 'validation' GROUP BY item_id)
ORDER BY id LIMIT {gold}
"""
GOLD_ANSWERS = """
INSERT INTO gold_answer (gold_id, trainer_id, regions, is_right, counts, answered_at)
SELECT gold.id, trainer.id, gold.regions, {true} = (mod(gold.id + trainer.id, 11) > 0), {true}, gold.created_at + 86400
FROM gold JOIN trainer ON trainer.id >= {trainer} AND trainer.id < {trainer} + {people}
WHERE gold.project_id = {project} AND mod(gold.id + trainer.id, 4) = 0
"""
ONCE = (TRAINERS, SKILLS, ACCURACIES)
"""Of people, whatever their projects."""
STATEMENTS = (DESKS, WORK, HELD, REVIEWS, TURNS, GOLD_ITEMS, GOLD_ANSWERS)
"""Of a project, in their order; people and labels are there."""
