"""
The schema, as numbered migrations; the last section of each table's comment says who writes it.

A migration is never edited after release. `{id}` and `{bytes}` are the dialect's words for a self-counting key and for
raw bytes; all else is SQL that SQLite and PostgreSQL 15 both take. Instants are text of fixed width,
`YYYY-MM-DDTHH:MM:SS.ffffffZ`, UTC, so that they sort as they stand; civil dates are `YYYY-MM-DD`.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1: letters, cases, clocks, the outbox.
    (
        """
        CREATE TABLE folders (
            inbox TEXT NOT NULL,
            folder TEXT NOT NULL,
            uidvalidity BIGINT NOT NULL,       -- RFC 3501 §2.3.1.1; when it changes, uids start anew
            last_uid BIGINT NOT NULL,          -- watermark: every mail up to here has a committed arrival
            watch_started_at TEXT NOT NULL,    -- first sight of the inbox; mail older than this is history after a change
            backlog_uid BIGINT NOT NULL,       -- mails up to here lay there at first sight, or at the last change
            restored BOOLEAN NOT NULL,         -- uidvalidity has changed since first sight
            unknown BIGINT NOT NULL DEFAULT 0, -- letters up to backlog_uid that nobody knew after the last change
            held_uid BIGINT DEFAULT 0,         -- letters up to here may have been answered before a backup was put back;
                                               -- null: what lies there when the folder is next opened
            PRIMARY KEY (inbox, folder)
        )                                      -- written by work/watch through store/inboxes
        """,
        """
        CREATE TABLE inbox_states (
            inbox TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('watching', 'retrying', 'stopped')),
            reason TEXT NOT NULL,              -- what an admin should know, without secrets; '' when all is well
            changed_at TEXT NOT NULL,
            seen_at TEXT NOT NULL,             -- last time the server answered a sweep
            junk BIGINT                        -- mails in its Junk folder when last counted; null where none is configured
        )                                      -- written by work/watch; read by `status`
        """,
        """
        CREATE TABLE letters (
            id {id},
            fingerprint TEXT NOT NULL UNIQUE,  -- what makes a letter itself, whichever inbox it came to (design.md §5)
            state TEXT NOT NULL CHECK (state IN ('decided', 'quarantined')),
            message_id TEXT NOT NULL,          -- as the sender wrote it; '' when absent; never trusted alone
            from_key TEXT NOT NULL,            -- case-folded address answered or recorded; '' for none
            subject TEXT NOT NULL,
            subject_key TEXT NOT NULL,         -- without prefixes and tags, case folded: joins letters of one matter
            text TEXT NOT NULL,                -- visible text, at most 64 K; emptied by retention
            text_hash TEXT NOT NULL,           -- of the newly written words; '' for none
            headers TEXT NOT NULL,             -- JSON: the fields that rules looked at
            language TEXT NOT NULL,
            arrived_at TEXT NOT NULL,          -- INTERNALDATE of the first arrival
            decided_at TEXT,                   -- null while quarantined
            kind TEXT NOT NULL,
            outcome TEXT NOT NULL,
            rule TEXT NOT NULL,
            why TEXT NOT NULL,                 -- one plain sentence: "why was I not answered?"
            acknowledged BOOLEAN NOT NULL,     -- whether an automatic answer was put into the outbox
            code TEXT,                         -- of its case; null for a letter without one
            raw {bytes},                       -- of quarantined mail, and of mail with files that lies in no mailbox; else null
            error TEXT NOT NULL DEFAULT '',    -- of quarantined mail: the exception's class and place, no words
            attempts BIGINT NOT NULL DEFAULT 0,
            retry_at TEXT                      -- quarantined: next attempt; null when decided or given up
        )                                      -- written by work/intake
        """,
        "CREATE INDEX letters_from ON letters (from_key, arrived_at)",  # the sender's earlier letters
        "CREATE INDEX letters_message_id ON letters (message_id) WHERE message_id <> ''",  # threading, `show`
        "CREATE INDEX letters_code ON letters (code)",  # a case's letters
        "CREATE INDEX letters_quarantined ON letters (retry_at) WHERE state = 'quarantined'",
        """
        CREATE TABLE arrivals (
            id {id},
            inbox TEXT NOT NULL,
            folder TEXT NOT NULL,
            uidvalidity BIGINT NOT NULL,
            uid BIGINT NOT NULL,
            letter_id BIGINT REFERENCES letters (id), -- null while the mail could not be fetched
            arrived_at TEXT NOT NULL,          -- INTERNALDATE
            recorded_at TEXT NOT NULL,
            size BIGINT NOT NULL,              -- octets
            moved_to TEXT,                     -- folder the admin has handled mail moved to; null while it lies where it came
            moved_uidvalidity BIGINT,          -- null where the server did not tell
            moved_uid BIGINT,
            error TEXT NOT NULL DEFAULT '',    -- why it could not be fetched
            attempts BIGINT NOT NULL DEFAULT 0,
            retry_at TEXT,                     -- null unless it could not be fetched
            UNIQUE (inbox, folder, uidvalidity, uid)
        )                                      -- written by work/intake
        """,
        "CREATE INDEX arrivals_letter ON arrivals (letter_id)",
        "CREATE INDEX arrivals_day ON arrivals (inbox, recorded_at)",  # the admin's day at a glance
        "CREATE INDEX arrivals_unfetched ON arrivals (inbox, retry_at) WHERE letter_id IS NULL",
        """
        CREATE TABLE cases (
            id {id},
            code TEXT NOT NULL UNIQUE,         -- six characters; the reference is made of it and the council's prefix
            state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'answered', 'closed')),
            inbox TEXT NOT NULL,
            resident_address TEXT NOT NULL,    -- as written; '' when nobody can be answered
            resident_name TEXT NOT NULL,
            subject TEXT NOT NULL,
            team TEXT NOT NULL,
            owner TEXT NOT NULL,               -- staff id; '' while nobody could be named, and then somebody was told
            cover TEXT NOT NULL DEFAULT '',    -- staff id standing in while the owner is away; '' else
            standard TEXT NOT NULL,
            language TEXT NOT NULL,
            sensitive BOOLEAN NOT NULL,        -- no automatic follow-ups, no subject repeated
            quiet BOOLEAN NOT NULL DEFAULT FALSE,       -- the resident wants human words only
            unreachable BOOLEAN NOT NULL DEFAULT FALSE, -- our mail to the resident bounced
            opened_at TEXT NOT NULL,           -- arrival of the first letter
            last_letter_at TEXT NOT NULL,
            human_words_at TEXT,               -- a person last wrote to the resident
            human_words_by TEXT NOT NULL DEFAULT '', -- staff id of that person
            receipt_on TEXT,                   -- council's date of the last receipt
            late_since TEXT,                   -- council's date of the first promise that passed without a person's word
            no_news BIGINT NOT NULL DEFAULT 0, -- mails without news since a person last wrote
            noted_at TEXT,                     -- the owner last wrote a note
            answered_by TEXT NOT NULL DEFAULT 'mail' CHECK (answered_by IN ('mail', 'phone', 'elsewhere')),
                                               -- how a person last wrote or spoke to the resident
            offered_to TEXT NOT NULL DEFAULT '', -- staff id of whoever was asked to take it; '' for nobody
            offered_by TEXT NOT NULL DEFAULT '',
            offered_at TEXT,
            handovers BIGINT NOT NULL DEFAULT 0, -- how often it was passed on and taken
            copies TEXT NOT NULL DEFAULT '',   -- JSON: addresses that get copies of human words
            closed_at TEXT
        )                                      -- written by store/handlers only
        """,
        "CREATE INDEX cases_open_owner ON cases (owner) WHERE state <> 'closed'",
        "CREATE INDEX cases_covered ON cases (owner, cover) WHERE cover <> '' AND state <> 'closed'",  # who is stood in for
        "CREATE INDEX cases_late ON cases (late_since) WHERE late_since IS NOT NULL AND state <> 'closed'",  # escalation
        "CREATE INDEX cases_offered ON cases (offered_at) WHERE offered_to <> '' AND state <> 'closed'",  # digests
        "CREATE INDEX cases_open_inbox ON cases (inbox) WHERE state <> 'closed'",  # which inboxes the configuration must have
        """
        CREATE TABLE parties (
            code TEXT NOT NULL REFERENCES cases (code),
            address TEXT NOT NULL,             -- case folded; may speak in the case and hear of it
            PRIMARY KEY (code, address)
        )
        """,
        "CREATE INDEX parties_address ON parties (address)",
        """
        CREATE TABLE people (
            address TEXT NOT NULL PRIMARY KEY, -- case folded
            quiet BOOLEAN NOT NULL DEFAULT FALSE, -- wants no automatic mail
            ignored BOOLEAN NOT NULL DEFAULT FALSE, -- needs none: an owner said so
            formats TEXT NOT NULL DEFAULT '',  -- such as 'large print'; '' for none
            language TEXT NOT NULL DEFAULT ''  -- asked for; '' for what their letters are in
        )                                      -- what was asked for once; written by store/handlers only
        """,
        """
        CREATE TABLE answers (
            id {id},
            recipient TEXT NOT NULL,           -- case folded
            code TEXT NOT NULL,                -- of the case it answered; '' where none was known then
            staff TEXT NOT NULL,               -- staff id of whoever wrote it; '' where nothing tells
            subject_key TEXT NOT NULL,
            message_ids TEXT NOT NULL,         -- JSON: what it answers
            written_at TEXT NOT NULL,
            recorded_at TEXT NOT NULL          -- rows go after 30 days
        )                                      -- what people sent from their own mail programs; written by store/handlers only
        """,
        "CREATE INDEX answers_recipient ON answers (recipient, id)",  # a letter that was answered before we saw it
        "CREATE INDEX answers_recorded ON answers (recorded_at)",
        """
        CREATE TABLE clocks (
            id {id},
            code TEXT NOT NULL REFERENCES cases (code),
            kind TEXT NOT NULL CHECK (kind IN ('name-owner', 'update', 'answer', 'settle', 'waiting')),
            state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'kept', 'replaced', 'withheld')),
            promised_on TEXT NOT NULL,         -- what the resident was told; never changed silently
            due_at TEXT NOT NULL,              -- when its time is over
            told BOOLEAN NOT NULL,             -- whether the resident was told promised_on
            counted_from TEXT,                 -- null for a date that a person named
            duration TEXT NOT NULL,            -- as configured; '' for a date that a person named
            started_at TEXT NOT NULL,
            paused_at TEXT,                    -- since when the resident is asked; null unless paused
            ended_at TEXT,
            why TEXT NOT NULL
        )                                      -- written by store/handlers only
        """,
        "CREATE UNIQUE INDEX clocks_one_running ON clocks (code, kind) WHERE state IN ('running', 'paused')",
        "CREATE INDEX clocks_promised ON clocks (promised_on) WHERE state = 'running'",  # rounds: O(due), however many are quiet
        """
        CREATE TABLE absences (
            id {id},
            staff TEXT NOT NULL,
            starts_at TEXT NOT NULL,
            ends_at TEXT NOT NULL,             -- exclusive; moved to now by BACK
            cover TEXT NOT NULL,
            source TEXT NOT NULL,              -- 'AWAY' by reply; 'BACK' ends one of the configuration at starts_at
            recorded_at TEXT NOT NULL
        )                                      -- those of the configuration stay there
        """,
        "CREATE INDEX absences_ends ON absences (ends_at)",
        """
        CREATE TABLE words (
            id {id},
            code TEXT NOT NULL REFERENCES cases (code),
            staff TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('note', 'held')),
            state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'kept')), -- held words wait while open
            command TEXT NOT NULL,             -- of held words what they were to do, such as UPDATE; of notes what they came with
            argument TEXT NOT NULL,            -- the date of a MORE
            words TEXT NOT NULL,               -- emptied by retention
            asked_by TEXT NOT NULL,            -- Message-ID of the mail that asks about held words; '' for a note
            letter_id BIGINT REFERENCES letters (id), -- the mail they came in; its files go along
            files TEXT NOT NULL,               -- JSON: those files, as the outbox names them
            at TEXT NOT NULL
        )                                      -- written by store/handlers only
        """,
        "CREATE INDEX words_held ON words (staff, id) WHERE kind = 'held' AND state = 'open'",
        "CREATE INDEX words_code ON words (code)",
        """
        CREATE TABLE alarms (
            code TEXT NOT NULL PRIMARY KEY REFERENCES cases (code),
            categories TEXT NOT NULL,          -- JSON
            started_at TEXT NOT NULL,
            sent BIGINT NOT NULL,              -- mails so far
            next_at TEXT NOT NULL,             -- when the next is due while nobody has taken it
            taken_by TEXT NOT NULL,            -- staff id; '' while it runs
            taken_at TEXT
        )                                      -- written by store/handlers and work/urgency
        """,
        "CREATE INDEX alarms_running ON alarms (next_at) WHERE taken_by = ''",
        """
        CREATE TABLE staff_load (
            staff TEXT NOT NULL PRIMARY KEY,
            open_cases BIGINT NOT NULL CHECK (open_cases >= 0),
            assigned_at TEXT,                  -- the last time a case was given to them
            human_sent BIGINT NOT NULL DEFAULT 0 -- how often they wrote to residents; the first few are echoed to them
        )
        """,
        """
        CREATE TABLE outbox (
            id {id},
            dedupe_key TEXT NOT NULL UNIQUE,   -- 'ack:{{fingerprint}}': one acknowledgement per letter, whatever happens twice
            state TEXT NOT NULL CHECK (state IN
                ('held', 'queued', 'claimed', 'sending', 'accepted', 'failed', 'unknown', 'unverified', 'cancelled')),
                -- held → queued → claimed → sending → accepted | queued | failed | unknown → queued once → unverified
            held_for TEXT NOT NULL DEFAULT '', -- shadow, pause, brake, restore; '' unless held
            kind TEXT NOT NULL,
            priority BIGINT NOT NULL,          -- 0 goes first
            code TEXT NOT NULL,                -- '' for mail about no case
            inbox TEXT NOT NULL,               -- '' for mail of the council as a whole
            lane TEXT NOT NULL,                -- relay and login that carries it
            staff TEXT NOT NULL,               -- staff id of the recipient; '' for anybody else
            recipient TEXT NOT NULL,           -- envelope recipient
            recipient_key TEXT NOT NULL,       -- case folded, for the caps
            envelope_from TEXT NOT NULL,       -- '' is the null sender
            message_id TEXT NOT NULL,          -- fixed before the first attempt; the same over all retries
            content {bytes} NOT NULL,          -- the final mail; with attachments, all before them
            attachments TEXT NOT NULL,         -- JSON, '' for none: which parts of which mail follow
            letter_id BIGINT REFERENCES letters (id), -- the letter it answers or shows; null for timer mails
            created_at TEXT NOT NULL,
            not_before TEXT NOT NULL,          -- back-off; also when an unknown one may be resent
            attempts BIGINT NOT NULL DEFAULT 0,
            refusals BIGINT NOT NULL DEFAULT 0, -- times the relay refused it after DATA and took the next mail
            resent BOOLEAN NOT NULL DEFAULT FALSE, -- its one repeat after an unknown end was used
            claimed_by TEXT,                   -- worker; null unless claimed or sending
            lease_until_s DOUBLE PRECISION,    -- of claimed rows, by the store's own clock; afterwards others may take them
            reply TEXT NOT NULL DEFAULT '',    -- the relay's last reply, queue id included
            accepted_at TEXT
        )                                      -- written by store/outbox; rows made by store/handlers
        """,
        "CREATE INDEX outbox_next ON outbox (lane, priority, id) WHERE state = 'queued'",
        "CREATE INDEX outbox_unfinished ON outbox (state, lease_until_s) WHERE state IN ('claimed', 'sending', "
        "'unknown')",
        "CREATE INDEX outbox_unverified ON outbox (id) WHERE state = 'unverified'",
        "CREATE INDEX outbox_held ON outbox (inbox, held_for) WHERE state = 'held'",
        "CREATE INDEX outbox_recipient ON outbox (recipient_key, created_at)",  # caps
        "CREATE INDEX outbox_accepted ON outbox (lane, accepted_at) WHERE accepted_at IS NOT NULL",  # relay limits
        "CREATE INDEX outbox_automatic ON outbox (created_at) WHERE kind IN ('acknowledgement', 'cover', 'no-news', 'receipt', "
        "'settled')",  # the brake; SQLite uses it for the very same list, in the same order, only
        "CREATE INDEX outbox_message_id ON outbox (message_id)",
        "CREATE INDEX outbox_code ON outbox (code, created_at)",
        """
        CREATE TABLE pauses (
            scope TEXT NOT NULL PRIMARY KEY,   -- inbox, or '' for the whole council
            paused_at TEXT NOT NULL
        )                                      -- written by `pause` and `resume`
        """,
        """
        CREATE TABLE lanes (
            lane TEXT NOT NULL PRIMARY KEY,
            paused_until TEXT NOT NULL,        -- the relay's own trouble: nothing is tried before
            reason TEXT NOT NULL,              -- its reply, '' when all is well
            since TEXT NOT NULL
        )                                      -- written by work/dispatch; read by `status`
        """,
        """
        CREATE TABLE relay_use (
            lane TEXT NOT NULL,
            second BIGINT NOT NULL,            -- since 1970, by the store's own clock
            mails BIGINT NOT NULL,             -- that workers took from the lane's limits in that second
            PRIMARY KEY (lane, second)
        )                                      -- of a shared store and a limited lane, for a day; written by store/allowance
        """,
        """
        CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY,    -- 'worker …': it is alive; 'inbox …': it watches; 'rounds': it does them
            worker TEXT NOT NULL,
            until_s DOUBLE PRECISION NOT NULL  -- seconds since 1970 by the store's own clock; afterwards anybody may take it
        )                                      -- of a shared store; written by store/leases
        """,
        """
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        )                                      -- what was in force when rows were last computed from it
        """,
        """
        CREATE TABLE rounds (
            name TEXT NOT NULL,                -- what is done once a day
            day TEXT NOT NULL,                 -- the council's date it was done for
            done_at TEXT NOT NULL,
            PRIMARY KEY (name, day)
        )                                      -- written by work/rounds, in the transaction of the round itself
        """,
        """
        CREATE TABLE events (
            id {id},
            at TEXT NOT NULL,
            code TEXT NOT NULL,                -- '' for events about no case
            letter_id BIGINT,                  -- null for events about no letter
            inbox TEXT NOT NULL,
            kind TEXT NOT NULL,                -- name of the intent, or what happened
            why TEXT NOT NULL,                 -- plain English, no resident's words
            data TEXT NOT NULL                 -- JSON
        )                                      -- append-only: what `show` lists; written by every store module
        """,
        "CREATE INDEX events_code ON events (code, id) WHERE code <> ''",
        "CREATE INDEX events_letter ON events (letter_id, id) WHERE letter_id IS NOT NULL",
        "CREATE INDEX events_kind ON events (kind, at)",
    ),
    # 2: what was read out of a mail's dedupe key, or out of its words, is recorded with the mail. A key only says whether
    # two mails are the same, and the words of a mail hold residents' subjects, in which any reference may stand.
    (
        "ALTER TABLE outbox ADD COLUMN asks_feedback BOOLEAN NOT NULL DEFAULT FALSE",  # it asks the resident how we did
        "ALTER TABLE outbox ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE",  # unverified: the admin has heard of it
        """
        CREATE TABLE outbox_cases (
            outbox_id BIGINT NOT NULL REFERENCES outbox (id),
            code TEXT NOT NULL REFERENCES cases (code),
            PRIMARY KEY (outbox_id, code)
        )                                      -- the cases that a mail lists; of a mail that lists none, outbox.code says
                                               -- what it is about; written with the mail, by store/listings
        """,
        "CREATE INDEX outbox_cases_code ON outbox_cases (code)",  # `show`: mails that list a case
        # The keys of the rows that are there already are the only record of these facts. Nothing else reads a key.
        "UPDATE outbox SET asks_feedback = TRUE WHERE kind = 'settled' AND dedupe_key LIKE 'settled:%'",
        "UPDATE outbox SET told = TRUE WHERE state = 'unverified' AND EXISTS "
        "(SELECT 1 FROM outbox AS telling WHERE telling.dedupe_key = 'unverified:' || outbox.dedupe_key)",
        # Notices that wait still, and name one case alone. Which others an older notice or digest named, no row says:
        # such a notice is sent, and an answer to such a digest is asked back.
        "INSERT INTO outbox_cases (outbox_id, code) SELECT id, code FROM outbox WHERE kind = 'cover' "
        "AND state IN ('held', 'queued', 'claimed') AND code <> '' AND dedupe_key NOT LIKE '%:several-%'",
    ),
)
