"""
The schema, as numbered migrations. The comment behind the last bracket of each table says who writes it.

The statements of a migration are never edited after release. `{id}` and `{bytes}` stand for the dialect's words for a
self-counting key and for raw bytes; all else is SQL that SQLite and PostgreSQL 15 both take. Instants are text of fixed
width, `YYYY-MM-DDTHH:MM:SS.ffffffZ`, UTC, so that they sort as text; civil dates are `YYYY-MM-DD`, by the council's zone.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1: letters, cases, clocks, the outbox.
    (
        """
        CREATE TABLE folders (
            inbox TEXT NOT NULL,
            folder TEXT NOT NULL,
            uidvalidity BIGINT NOT NULL,       -- RFC 3501 §2.3.1.1; when it changes, UIDs start anew
            last_uid BIGINT NOT NULL,          -- watermark: every mail up to here has a committed arrival
            watch_started_at TEXT NOT NULL,    -- first sight of the inbox; after a change, older mail is recorded, not answered
            backlog_uid BIGINT NOT NULL,       -- mails up to here were there at first sight, or at the last change
            restored BOOLEAN NOT NULL,         -- uidvalidity has changed since first sight
            unknown BIGINT NOT NULL DEFAULT 0, -- letters up to backlog_uid that were new to us after the last change
            held_uid BIGINT DEFAULT 0,         -- letters up to here may have been answered before a backup was put back;
                                               -- null after a restore, until the folder is next opened
            PRIMARY KEY (inbox, folder)
        )                                      -- written by work/watch through store/inboxes
        """,
        """
        CREATE TABLE inbox_states (
            inbox TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('watching', 'retrying', 'stopped')),
            reason TEXT NOT NULL,              -- a sentence for the admin, without secrets; '' when all is well
            changed_at TEXT NOT NULL,
            seen_at TEXT NOT NULL,             -- when the server last answered; '' for never
            junk BIGINT                        -- mails in its Junk folder when last counted; null if none is configured
        )                                      -- written by work/watch; read by `status`
        """,
        """
        CREATE TABLE letters (
            id {id},
            fingerprint TEXT NOT NULL UNIQUE,  -- the same for one letter in all inboxes (design.md §5)
            state TEXT NOT NULL CHECK (state IN ('decided', 'quarantined')),
            message_id TEXT NOT NULL,          -- as the sender wrote it; '' when absent; never trusted alone
            from_key TEXT NOT NULL,            -- case-folded address that is answered or recorded; '' for none
            subject TEXT NOT NULL,
            subject_key TEXT NOT NULL,         -- without prefixes and tags, case folded: joins letters about one matter
            text TEXT NOT NULL,                -- visible text, at most 64 KB; emptied by store/forgetting
            text_hash TEXT NOT NULL,           -- of the newly written words; '' for none
            headers TEXT NOT NULL,             -- JSON: the header fields that rules look at
            language TEXT NOT NULL,
            arrived_at TEXT NOT NULL,          -- INTERNALDATE of the first arrival
            decided_at TEXT,                   -- null while quarantined
            kind TEXT NOT NULL,
            outcome TEXT NOT NULL,
            rule TEXT NOT NULL,
            why TEXT NOT NULL,                 -- one plain sentence that answers "why was I not answered?"
            acknowledged BOOLEAN NOT NULL,     -- whether an automatic answer was put into the outbox
            code TEXT,                         -- of its case; null for a letter without a case
            raw {bytes},                       -- of quarantined mail, and of mail with attachments that is in no mailbox; else null
            error TEXT NOT NULL DEFAULT '',    -- of quarantined mail: the exception's class and place, without words of the mail
            attempts BIGINT NOT NULL DEFAULT 0,
            retry_at TEXT                      -- of quarantined mail: next attempt; null when decided or given up
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
            letter_id BIGINT REFERENCES letters (id), -- null until the mail is fetched
            arrived_at TEXT NOT NULL,          -- INTERNALDATE
            recorded_at TEXT NOT NULL,
            size BIGINT NOT NULL,              -- octets
            moved_to TEXT,                     -- the folder we moved it to, if the admin asked for that; null until then
            moved_uidvalidity BIGINT,          -- null if the server did not tell
            moved_uid BIGINT,
            error TEXT NOT NULL DEFAULT '',    -- why it could not be fetched
            attempts BIGINT NOT NULL DEFAULT 0,
            retry_at TEXT,                     -- next attempt to fetch it; null if it was fetched or given up
            UNIQUE (inbox, folder, uidvalidity, uid)
        )                                      -- written by work/intake
        """,
        "CREATE INDEX arrivals_letter ON arrivals (letter_id)",
        "CREATE INDEX arrivals_day ON arrivals (inbox, recorded_at)",  # the admin's day at a glance
        "CREATE INDEX arrivals_unfetched ON arrivals (inbox, retry_at) WHERE letter_id IS NULL",
        """
        CREATE TABLE cases (
            id {id},
            code TEXT NOT NULL UNIQUE,         -- six characters; the reference is the council's prefix and these
            state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'answered', 'closed')),
            inbox TEXT NOT NULL,
            resident_address TEXT NOT NULL,    -- as written; '' when nobody can be answered
            resident_name TEXT NOT NULL,
            subject TEXT NOT NULL,
            team TEXT NOT NULL,
            owner TEXT NOT NULL,               -- staff id; '' while there is none, of which somebody was told (P4)
            cover TEXT NOT NULL DEFAULT '',    -- staff id of whoever covers while the owner is away; '' otherwise
            standard TEXT NOT NULL,
            language TEXT NOT NULL,
            sensitive BOOLEAN NOT NULL,        -- no automatic follow-ups, and mails do not repeat the subject
            quiet BOOLEAN NOT NULL DEFAULT FALSE,       -- the resident wants human words only
            unreachable BOOLEAN NOT NULL DEFAULT FALSE, -- our mail to the resident bounces
            opened_at TEXT NOT NULL,           -- arrival of the first letter
            last_letter_at TEXT NOT NULL,
            human_words_at TEXT,               -- when a person last wrote to the resident
            human_words_by TEXT NOT NULL DEFAULT '', -- staff id of that person
            receipt_on TEXT,                   -- the council's date of the last receipt
            late_since TEXT,                   -- the council's date since when the case is late; null when it is not
            no_news BIGINT NOT NULL DEFAULT 0, -- mails without news since a person last wrote
            noted_at TEXT,                     -- when the owner or the cover last wrote a note
            answered_by TEXT NOT NULL DEFAULT 'mail' CHECK (answered_by IN ('mail', 'phone', 'elsewhere')),
                                               -- how a person last wrote or spoke to the resident
            offered_to TEXT NOT NULL DEFAULT '', -- staff id of the person who is asked to take the case; '' for nobody
            offered_by TEXT NOT NULL DEFAULT '',
            offered_at TEXT,
            handovers BIGINT NOT NULL DEFAULT 0, -- how often the case was passed on and taken
            copies TEXT NOT NULL DEFAULT '',   -- JSON: addresses that get copies of human words
            closed_at TEXT
        )                                      -- written by store/handlers only
        """,
        "CREATE INDEX cases_open_owner ON cases (owner) WHERE state <> 'closed'",
        "CREATE INDEX cases_covered ON cases (owner, cover) WHERE cover <> '' AND state <> 'closed'",  # owners who are covered
        "CREATE INDEX cases_late ON cases (late_since) WHERE late_since IS NOT NULL AND state <> 'closed'",  # escalation
        "CREATE INDEX cases_offered ON cases (offered_at) WHERE offered_to <> '' AND state <> 'closed'",  # digests
        "CREATE INDEX cases_open_inbox ON cases (inbox) WHERE state <> 'closed'",  # inboxes that the configuration must have
        """
        CREATE TABLE parties (
            code TEXT NOT NULL REFERENCES cases (code),
            address TEXT NOT NULL,             -- case folded; may write in the case and be written to
            PRIMARY KEY (code, address)
        )
        """,
        "CREATE INDEX parties_address ON parties (address)",
        """
        CREATE TABLE people (
            address TEXT NOT NULL PRIMARY KEY, -- case folded
            quiet BOOLEAN NOT NULL DEFAULT FALSE, -- the resident wants no automatic mail
            ignored BOOLEAN NOT NULL DEFAULT FALSE, -- an owner said that the address needs none
            formats TEXT NOT NULL DEFAULT '',  -- such as 'large print'; '' for none
            language TEXT NOT NULL DEFAULT ''  -- asked for; '' for the language of their letters
        )                                      -- what an address asked for; written by store/handlers only
        """,
        """
        CREATE TABLE answers (
            id {id},
            recipient TEXT NOT NULL,           -- case folded
            code TEXT NOT NULL,                -- of the case it answered; '' if none was known then
            staff TEXT NOT NULL,               -- staff id of the author; '' if unknown
            subject_key TEXT NOT NULL,
            message_ids TEXT NOT NULL,         -- JSON: Message-IDs of the mails that it answers
            written_at TEXT NOT NULL,
            recorded_at TEXT NOT NULL          -- rows are deleted after 30 days
        )                                      -- what people sent from their own mail programs; written by store/handlers only
        """,
        "CREATE INDEX answers_recipient ON answers (recipient, id)",  # answers to a letter that we see only later
        "CREATE INDEX answers_recorded ON answers (recorded_at)",
        """
        CREATE TABLE clocks (
            id {id},
            code TEXT NOT NULL REFERENCES cases (code),
            kind TEXT NOT NULL CHECK (kind IN ('name-owner', 'update', 'answer', 'settle', 'waiting')),
            state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'kept', 'replaced', 'withheld')),
            promised_on TEXT NOT NULL,         -- civil date; what the resident was told never changes silently
            due_at TEXT NOT NULL,              -- when we act
            told BOOLEAN NOT NULL,             -- whether the resident was told promised_on
            counted_from TEXT,                 -- instant; null for a date that a person named
            duration TEXT NOT NULL,            -- as configured; '' for a date that a person named
            started_at TEXT NOT NULL,
            paused_at TEXT,                    -- since when we wait for the resident's answer; null unless paused
            ended_at TEXT,
            why TEXT NOT NULL
        )                                      -- written by store/handlers only
        """,
        "CREATE UNIQUE INDEX clocks_one_running ON clocks (code, kind) WHERE state IN ('running', 'paused')",
        "CREATE INDEX clocks_promised ON clocks (promised_on) WHERE state = 'running'",  # rounds read only what is due
        """
        CREATE TABLE absences (
            id {id},
            staff TEXT NOT NULL,
            starts_at TEXT NOT NULL,
            ends_at TEXT NOT NULL,             -- exclusive; BACK moves it to now
            cover TEXT NOT NULL,
            source TEXT NOT NULL,              -- see council.Absence; 'BACK' overrides one in the configuration from starts_at
            recorded_at TEXT NOT NULL
        )                                      -- those in the configuration have no row; written by store/told_absences
        """,
        "CREATE INDEX absences_ends ON absences (ends_at)",
        """
        CREATE TABLE words (
            id {id},
            code TEXT NOT NULL REFERENCES cases (code),
            staff TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('note', 'held')),
            state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'kept')), -- held words wait while they are open
            command TEXT NOT NULL,             -- of held words, what they were to do, such as UPDATE; of notes, what they came with
            argument TEXT NOT NULL,            -- such as the date of a MORE
            words TEXT NOT NULL,               -- emptied by store/forgetting
            asked_by TEXT NOT NULL,            -- Message-ID of the mail that asks about held words; '' for a note
            letter_id BIGINT REFERENCES letters (id), -- the mail they came in; its attachments are sent with them
            files TEXT NOT NULL,               -- JSON: those attachments, each its name, content type and section
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
            sent BIGINT NOT NULL,              -- mails written so far
            next_at TEXT NOT NULL,             -- when the next mail is due, while nobody has taken the case
            taken_by TEXT NOT NULL,            -- staff id; '' while it runs
            taken_at TEXT
        )                                      -- written by store/handlers and work/alarm_repeats
        """,
        "CREATE INDEX alarms_running ON alarms (next_at) WHERE taken_by = ''",
        """
        CREATE TABLE staff_load (
            staff TEXT NOT NULL PRIMARY KEY,
            open_cases BIGINT NOT NULL CHECK (open_cases >= 0),
            assigned_at TEXT,                  -- when they were last given a case
            human_sent BIGINT NOT NULL DEFAULT 0 -- how often they wrote to residents; we echo the first few to them
        )
        """,
        """
        CREATE TABLE outbox (
            id {id},
            dedupe_key TEXT NOT NULL UNIQUE,   -- 'ack:{{fingerprint}}': one acknowledgement per letter (P2)
            state TEXT NOT NULL CHECK (state IN
                ('held', 'queued', 'claimed', 'sending', 'accepted', 'failed', 'unknown', 'unverified', 'cancelled')),
                -- held → queued → claimed → sending → accepted | queued | failed | unknown → queued once → unverified
            held_for TEXT NOT NULL DEFAULT '', -- shadow, pause, brake, restore; '' unless held
            kind TEXT NOT NULL,
            priority BIGINT NOT NULL,          -- 0 goes first
            code TEXT NOT NULL,                -- '' for mail about no case
            inbox TEXT NOT NULL,               -- '' for mail of the council as a whole
            lane TEXT NOT NULL,                -- relay and login that send it
            staff TEXT NOT NULL,               -- staff id of the recipient; '' for anybody who is not staff
            recipient TEXT NOT NULL,           -- envelope recipient
            recipient_key TEXT NOT NULL,       -- case folded, for the caps
            envelope_from TEXT NOT NULL,       -- '' is the null sender
            message_id TEXT NOT NULL,          -- fixed before the first attempt; the same in all retries
            content {bytes} NOT NULL,          -- the bytes of the final mail; with attachments, those before them
            attachments TEXT NOT NULL,         -- JSON: which parts of which mail follow; '' for none
            letter_id BIGINT REFERENCES letters (id), -- the letter it answers or shows; null if a clock caused it
            created_at TEXT NOT NULL,
            not_before TEXT NOT NULL,          -- not sent before: working hours or back-off; of an unknown one: when to look again
            attempts BIGINT NOT NULL DEFAULT 0,
            refusals BIGINT NOT NULL DEFAULT 0, -- how often the relay refused it after DATA and took the next mail
            resent BOOLEAN NOT NULL DEFAULT FALSE, -- the one repeat after an unknown end is used up
            claimed_by TEXT,                   -- worker; null unless claimed or sending
            lease_until_s DOUBLE PRECISION,    -- of claimed rows, by the store's own clock; then others may take them
            reply TEXT NOT NULL DEFAULT '',    -- the relay's last reply, with its queue id
            accepted_at TEXT
        )                                      -- inserted by store/handlers; updated by store/outbox and others of the store
        """,
        "CREATE INDEX outbox_next ON outbox (lane, priority, id) WHERE state = 'queued'",
        "CREATE INDEX outbox_unfinished ON outbox (state, lease_until_s) WHERE state IN ('claimed', 'sending', "
        "'unknown')",
        "CREATE INDEX outbox_unverified ON outbox (id) WHERE state = 'unverified'",
        "CREATE INDEX outbox_held ON outbox (inbox, held_for) WHERE state = 'held'",
        "CREATE INDEX outbox_recipient ON outbox (recipient_key, created_at)",  # caps
        "CREATE INDEX outbox_accepted ON outbox (lane, accepted_at) WHERE accepted_at IS NOT NULL",  # relay limits
        "CREATE INDEX outbox_automatic ON outbox (created_at) WHERE kind IN ('acknowledgement', 'cover', 'no-news', 'receipt', "
        "'settled')",  # the brake; SQLite uses this index only for exactly this list, in this order
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
            paused_until TEXT NOT NULL,        -- nothing is tried before, because the relay is in trouble
            reason TEXT NOT NULL,              -- the relay's reply; '' when all is well
            since TEXT NOT NULL
        )                                      -- written by work/dispatch; read by `status`
        """,
        """
        CREATE TABLE relay_use (
            lane TEXT NOT NULL,
            second BIGINT NOT NULL,            -- since 1970, by the store's own clock
            mails BIGINT NOT NULL,             -- taken by workers out of the lane's limits in that second
            PRIMARY KEY (lane, second)
        )                                      -- on a shared store, for limited lanes, for a day; written by store/relay_allowance
        """,
        """
        CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY,    -- 'worker …': is alive; 'inbox …': watches it; 'rounds': does the rounds
            worker TEXT NOT NULL,
            until_s DOUBLE PRECISION NOT NULL  -- seconds since 1970 by the store's own clock; then any worker may take it
        )                                      -- on a shared store only; written by store/leases
        """,
        """
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        )                                      -- what rows were last computed from, and restores; written by store/settings
        """,
        """
        CREATE TABLE rounds (
            name TEXT NOT NULL,                -- of what is done once a day
            day TEXT NOT NULL,                 -- the council's date for which it was done
            done_at TEXT NOT NULL,
            PRIMARY KEY (name, day)
        )                                      -- written by store/daily, in the transaction of the round itself
        """,
        """
        CREATE TABLE events (
            id {id},
            at TEXT NOT NULL,
            code TEXT NOT NULL,                -- '' for events about no case
            letter_id BIGINT,                  -- null for events about no letter
            inbox TEXT NOT NULL,
            kind TEXT NOT NULL,                -- name of the intent, or of what happened
            why TEXT NOT NULL,                 -- plain English, without residents' words
            data TEXT NOT NULL                 -- JSON
        )                                      -- append-only; `show` lists them; written by store/events
        """,
        "CREATE INDEX events_code ON events (code, id) WHERE code <> ''",
        "CREATE INDEX events_letter ON events (letter_id, id) WHERE letter_id IS NOT NULL",
        "CREATE INDEX events_kind ON events (kind, at)",
    ),
    # 2: facts about a mail are recorded with it. Before, they were read out of its dedupe key or its words. But a key only says
    # whether two mails are the same, and a mail repeats residents' subjects, which may hold any reference.
    (
        "ALTER TABLE outbox ADD COLUMN asks_feedback BOOLEAN NOT NULL DEFAULT FALSE",  # it asks the resident for feedback
        "ALTER TABLE outbox ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE",  # of an unverified one: the admin was told
        """
        CREATE TABLE outbox_cases (
            outbox_id BIGINT NOT NULL REFERENCES outbox (id),
            code TEXT NOT NULL REFERENCES cases (code),
            PRIMARY KEY (outbox_id, code)
        )                                      -- the cases that a mail lists; a mail that lists none is about outbox.code;
                                               -- written with the mail, by store/listings
        """,
        "CREATE INDEX outbox_cases_code ON outbox_cases (code)",  # `show`: mails that list a case
        # For rows that exist already, the key is the only record of these facts. Nothing else reads a key.
        "UPDATE outbox SET asks_feedback = TRUE WHERE kind = 'settled' AND dedupe_key LIKE 'settled:%'",
        "UPDATE outbox SET told = TRUE WHERE state = 'unverified' AND EXISTS "
        "(SELECT 1 FROM outbox AS telling WHERE telling.dedupe_key = 'unverified:' || outbox.dedupe_key)",
        # Only cover notices that still wait and name a single case are filled in. No row says which cases an older notice or
        # digest named: such a notice is sent, and an answer to such a digest is asked back.
        "INSERT INTO outbox_cases (outbox_id, code) SELECT id, code FROM outbox WHERE kind = 'cover' "
        "AND state IN ('held', 'queued', 'claimed') AND code <> '' AND dedupe_key NOT LIKE '%:several-%'",
    ),
    # 3: a decision may rest on marks of the way that one copy came, and another copy is then judged by itself; and plus tags
    # are no other addresses for the caps.
    (
        # '' where it rests on the letter itself; 'marks' of a list, a filter, a robot; 'forged': its author was condemned.
        "ALTER TABLE letters ADD COLUMN by_way TEXT NOT NULL DEFAULT ''",
        "UPDATE letters SET by_way = 'marks' WHERE state = 'decided' AND kind IN ('list', 'bulk', 'spam')",
        "UPDATE letters SET by_way = 'forged' WHERE state = 'decided' AND why LIKE '%(DMARC fail)'",
        "ALTER TABLE outbox ADD COLUMN mailbox TEXT NOT NULL DEFAULT ''",  # recipient_key without plus tag: for the caps
        "UPDATE outbox SET mailbox = recipient_key",
        "CREATE INDEX outbox_mailbox ON outbox (mailbox, created_at)",  # caps
    ),
    # 4: what is being taken in is written down before, so that a mail over which the process ended is known to the next one.
    (
        """
        CREATE TABLE in_hand (
            inbox TEXT NOT NULL,
            folder TEXT NOT NULL,
            mail TEXT NOT NULL,                -- '' for a folder's batch; else one mail by itself: its place, or a digest
            uidvalidity BIGINT NOT NULL,       -- of a batch; else 0, as both uids
            first_uid BIGINT NOT NULL,
            last_uid BIGINT NOT NULL,          -- what is above the folder's watermark is left of the batch
            times BIGINT NOT NULL,             -- of one mail: how often it was decided by itself
            begun_at TEXT NOT NULL,
            PRIMARY KEY (inbox, folder, mail)
        )                                      -- written by store/in_hand, which does not wait for the disk
        """,
        "CREATE INDEX letters_raw ON letters (arrived_at) WHERE raw IS NOT NULL",  # how much is kept of mails as they came
    ),
    # 5: an alarm shows the words that alarmed, of its best proven letter, and not whatever was written since. `categories` is
    # now an object: by category, the best proof of a letter with words of it. In older rows it is a list.
    (
        "ALTER TABLE alarms ADD COLUMN letter_id BIGINT",  # whose words are shown; null in older rows
        "ALTER TABLE alarms ADD COLUMN letters BIGINT NOT NULL DEFAULT 1",  # that alarmed and are as well proven as the best
    ),
    # 6: what was sent because of letters that nothing proves does not count against letters that a server vouches for.
    (
        "ALTER TABLE letters ADD COLUMN proven BOOLEAN NOT NULL DEFAULT FALSE",  # the inbox's own server vouched for From
    ),
    # 7: letters that somebody put into a folder long after they had arrived are known as such.
    (
        "ALTER TABLE folders ADD COLUMN looked_at TEXT NOT NULL DEFAULT ''",  # all that lay there by then was recorded; '' unknown
        "ALTER TABLE arrivals ADD COLUMN put_in BOOLEAN NOT NULL DEFAULT FALSE",  # put there later (behaviour.md §5.4)
    ),
    # 8: what the council's own servers put below its mails is nobody's words.
    (
        """
        CREATE TABLE footers (
            domain TEXT NOT NULL,              -- of colleagues' addresses, case folded
            digest TEXT NOT NULL,              -- SHA-256 of `folded`, hexadecimal
            folded TEXT NOT NULL,              -- the words alone, in lower case
            shown TEXT NOT NULL,               -- its beginning as it was written, for `check --staff`
            seen BIGINT NOT NULL,              -- mails of verified staff that had it below the quotation
            first_at TEXT NOT NULL,
            PRIMARY KEY (domain, digest)
        )                                      -- written by store/footers; read for every mail of staff
        """,
    ),
    # 9: whom a complaint is about never reads it; and whoever answers a letter with a Reply-To is asked where to, once.
    (
        "ALTER TABLE cases ADD COLUMN about TEXT NOT NULL DEFAULT ''",  # JSON: staff ids of those about whom it complains
        "ALTER TABLE cases ADD COLUMN answer_to TEXT NOT NULL DEFAULT ''",  # where human words go; '' until their author was asked
    ),
    # 10: letters that staff forward, calls and visits that they write down.
    (
        "ALTER TABLE cases ADD COLUMN way TEXT NOT NULL DEFAULT 'mail' CHECK (way IN ('mail', 'forwarded', 'call', 'visit'))",
        "ALTER TABLE letters ADD COLUMN brought_by BIGINT",  # the letter inside which staff passed it on; null for others
        "CREATE INDEX letters_brought_by ON letters (brought_by) WHERE brought_by IS NOT NULL",  # the day at a glance
    ),
    # 11: whoever may be in danger and has had no word of any person is looked for each morning.
    (
        "CREATE INDEX cases_unheard ON cases (opened_at, code) WHERE sensitive AND human_words_at IS NULL AND state = 'open'",
    ),
    # 12: what a resident was told of people is kept; and a mail that waits can be written anew.
    (
        "ALTER TABLE cases ADD COLUMN owes TEXT NOT NULL DEFAULT ''",  # staff id of whom the resident was told; '' for nobody
        "ALTER TABLE cases ADD COLUMN noted_by TEXT NOT NULL DEFAULT ''",  # staff id of noted_at; '' in older rows
        "ALTER TABLE outbox ADD COLUMN draft TEXT NOT NULL DEFAULT ''",  # JSON: what a waiting mail says; '' once it went
        "ALTER TABLE cases ADD COLUMN named TEXT NOT NULL DEFAULT ''",  # staff id of whom the resident was last told has it
        "ALTER TABLE cases ADD COLUMN named_for TEXT NOT NULL DEFAULT ''",  # staff id in whose place; '' for nobody's
        """
        CREATE TABLE renamed (
            outbox_id BIGINT NOT NULL REFERENCES outbox (id),
            code TEXT NOT NULL REFERENCES cases (code),
            named TEXT NOT NULL,               -- cases.named and named_for before that mail named somebody else; put back if the
            named_for TEXT NOT NULL,           -- mail is cancelled
            PRIMARY KEY (outbox_id, code)
        )                                      -- written by store/renamed
        """,
    ),
    # 13: absences that are known by automatic replies and by calendars, and the last good copy of each calendar.
    (
        # Of an absence whose end nobody named: the person is asked when it is over.
        "ALTER TABLE absences ADD COLUMN asks BOOLEAN NOT NULL DEFAULT FALSE",
        "CREATE INDEX absences_asks ON absences (ends_at) WHERE asks",
        """
        CREATE TABLE calendars (
            staff TEXT NOT NULL PRIMARY KEY,
            place TEXT NOT NULL,               -- the file or address; after a change of it the copy is no longer good
            content TEXT NOT NULL,             -- the last good copy; '' while there is none
            etag TEXT NOT NULL,                -- RFC 9110 §8.8.3, of that copy; '' for none
            good_at TEXT NOT NULL,             -- when that copy was last found to be good; '' for never
            tried_at TEXT NOT NULL,            -- when it was last fetched, with or without success
            failing TEXT NOT NULL              -- why it failed then, a sentence for the admin; '' when all is well
        )                                      -- written by store/calendars
        """,
    ),
    # 14: what the admin reads is what runs, and not what the file says meanwhile.
    (
        """
        CREATE TABLE running (
            worker TEXT NOT NULL PRIMARY KEY,  -- the process; on a store that is not shared there is one
            version TEXT NOT NULL,             -- of ackbot
            configuration TEXT NOT NULL,       -- JSON: its files, modes and digests; see work/running
            since TEXT NOT NULL,               -- since when it works by this configuration
            heard_at TEXT NOT NULL,            -- it lived then; written some three times a minute
            stopped_at TEXT,                   -- null unless it ended in order
            refused_at TEXT,                   -- when the last reload was refused; null if none was since `since`
            refused TEXT NOT NULL              -- JSON: why, one sentence each
        )                                      -- written by store/running; read by all commands that look
        """,
    ),
    # 15: words go some time after a case is closed, names and addresses later; the row of a letter stays, and its fingerprint is
    # the hash by which a letter that comes again is known.
    (
        "ALTER TABLE cases ADD COLUMN hold TEXT NOT NULL DEFAULT ''",  # why nothing of it may be deleted; '' for no hold
        "ALTER TABLE cases ADD COLUMN erased_at TEXT",  # since when it names nobody; null while it may
        "ALTER TABLE letters ADD COLUMN emptied_at TEXT",  # since when its words are gone
        "ALTER TABLE letters ADD COLUMN erased_at TEXT",  # since when it names nobody either: a tombstone
        "ALTER TABLE outbox ADD COLUMN emptied_at TEXT",
        "CREATE INDEX cases_closed ON cases (closed_at) WHERE state = 'closed' AND erased_at IS NULL AND hold = ''",
        "CREATE INDEX letters_worded ON letters (code) WHERE emptied_at IS NULL",
        "CREATE INDEX letters_loose ON letters (arrived_at) WHERE code IS NULL AND emptied_at IS NULL",
        "CREATE INDEX letters_named ON letters (arrived_at) WHERE code IS NULL AND erased_at IS NULL",
        "CREATE INDEX outbox_loose ON outbox (created_at) WHERE code = '' AND emptied_at IS NULL",
        "CREATE INDEX outbox_letter ON outbox (letter_id) WHERE letter_id IS NOT NULL",
    ),
    # 16: whoever spoke of danger lately and has had no word of any person since is looked for all day. An acknowledgement that
    # says that somebody was told waits a moment for the mail that tells them.
    (
        "CREATE INDEX alarms_started ON alarms (started_at)",
        "ALTER TABLE outbox ADD COLUMN upon TEXT NOT NULL DEFAULT ''",  # dedupe_key of that mail; '' if it waits for none, or went
        "ALTER TABLE outbox ADD COLUMN content_upon {bytes}",  # the bytes once the relay has taken that mail
    ),
)
