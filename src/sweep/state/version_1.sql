-- A database as the first version of a state had it: it stays readable, so nothing here ever changes.

-- The key's id, and which state this is.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE sweep (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL UNIQUE,
    origin BLOB NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Paths, names, lists of refs, facts of incidents. The one numbered 0 is empty, and stands for none.
CREATE TABLE text (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;
INSERT INTO text VALUES (0, x'');

CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    object BLOB NOT NULL,
    author INTEGER NOT NULL,
    email INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (object, author, email, at)
) STRICT;

CREATE TABLE repository (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    -- register: as the forge lists it, or that it does not
    listed_at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    listed TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    -- register: what the last scan came to; 0 for never
    scanned INTEGER NOT NULL DEFAULT 0,
    network TEXT NOT NULL DEFAULT '',
    stamp TEXT NOT NULL DEFAULT '',
    tips TEXT NOT NULL DEFAULT '',
    coverage TEXT NOT NULL DEFAULT '',
    -- the last scan that could read everything
    completed INTEGER NOT NULL DEFAULT 0,
    -- register: why it could not be scanned
    failed INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT ''
) STRICT;

-- When a repository went, and came back.
CREATE TABLE going (
    repository INTEGER NOT NULL,
    at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (repository, at, gone)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (network TEXT PRIMARY KEY, at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    url TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    etag TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL UNIQUE,
    -- register
    verdict_at INTEGER NOT NULL DEFAULT 0,
    verdict TEXT NOT NULL DEFAULT '',
    -- computed from everything else
    status TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL DEFAULT 0,
    -- register: what `since` was when somebody was last told
    told INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How verdicts changed.
CREATE TABLE verdict (
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (incident, at, verdict)
) STRICT, WITHOUT ROWID;

-- That a repository holds an incident: now, if `seen` is its last scan. register: the facts, by `seen`.
CREATE TABLE holding (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    PRIMARY KEY (incident, repository)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_by_repository ON holding (repository);

-- When an incident left a repository, and came back.
CREATE TABLE moving (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    at INTEGER NOT NULL,
    here INTEGER NOT NULL,
    PRIMARY KEY (incident, repository, at, here)
) STRICT, WITHOUT ROWID;

-- A place: there now, if `seen` is its repository's last scan. register: everything behind `digest`, which is a hash of it.
CREATE TABLE occurrence (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    path INTEGER NOT NULL,
    mark BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    source INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    line INTEGER NOT NULL,
    col INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    end_col INTEGER NOT NULL,
    wide INTEGER NOT NULL,
    allowed_by INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    git INTEGER NOT NULL,
    blob BLOB,
    introduced INTEGER,
    last INTEGER,
    in_head INTEGER NOT NULL,
    reach INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    refs_count INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    blobs BLOB NOT NULL,
    PRIMARY KEY (incident, repository, path, mark)
) STRICT, WITHOUT ROWID;

-- What a sweep with that version wrote, in short.
INSERT INTO sweep VALUES (1, x'01010101010101010101010101010101', x'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', 1767323045000, 1767323050000, 1);
INSERT INTO text VALUES (1, CAST('deploy/.env' AS BLOB)), (2, CAST('Ada' AS BLOB)), (3, CAST('ada@example.org' AS BLOB)),
    (4, CAST('@acme/team' AS BLOB)), (5, CAST('refs/heads/main' || char(10) || 'refs/tags/v1' AS BLOB)),
    (6, CAST('{"rank":9,"rule":"github-pat","family":"github","name":"GitHub token","provider":"github","provider_name":"GitHub","class":"access-token","severity":"critical","confidence":"high","masked":"ghp_…0001","is_valid":true,"entropy":4.5,"notes":["a note"],"parts":[["account","octo-org"]]}' AS BLOB));
INSERT INTO commits VALUES (1, x'1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a', 2, 3, 1767323045);
INSERT INTO repository VALUES (1, 'forge.example/1', 1767323045000, 0,
    '{"id":"forge.example/1","name":"acme/r1","address":{"remote":"https://forge.example/acme/r1.git"},"web":null,"parent":null,"is_fork":false,"is_archived":false,"visibility":"private","size":1048576,"language":null,"topics":[],"pushed_at":1767323045,"stamp":"1"}',
    1767323045000, 1767323045000, 1767323045000, 'net1', '1', 'tips',
    '{"files":0,"blobs":10,"commits":3,"tags":0,"refs":2,"bytes":1000,"history":"full","skipped":[],"failed":[],"notes":[],"allowed":0}',
    1767323045000, 0, '');
INSERT INTO cursor VALUES ('net1', 1767323045000, CAST('cursor' AS BLOB));
INSERT INTO answer VALUES ('hash', 1767323045000, '"1"', CAST('[]' AS BLOB));
INSERT INTO incident VALUES (1, x'000102030405060708090a0b0c0d0e0f', 1767323046000, '{"status":"active"}', 'open', 1767323045000, 1767323045000);
INSERT INTO verdict VALUES (1, 1767323046000, '{"status":"active"}');
INSERT INTO holding VALUES (1, 1, 1767323045000, 1767323045000, 6);
INSERT INTO occurrence VALUES (1, 1, 1, x'', 1767323045000, 1767323045000, 7, 2, 2, 97, 137, 3, 7, 3, 47, 2, 0, 4, 1,
    x'b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1', 1, NULL, 1, 0, 5, 5, 12, x'');
PRAGMA application_id = 1937010275;
PRAGMA user_version = 1;
