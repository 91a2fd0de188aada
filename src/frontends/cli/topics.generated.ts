// Written by `npm run generate` from docs. Change it there.
import type { TopicName } from '../../contract/commands.ts';

/** The text of each topic of `help`. */
export const TOPICS: Readonly<Record<TopicName, string>> = {
  configuration: `CONFIGURATION

The configuration is the first of these files:

1. the file that --config, or the input config, names;
2. .beads/config.yaml, searched upward from the working directory;
3. for the command-line tool, \${XDG_CONFIG_HOME:-~/.config}/bd/config.yaml, if
   it has one of the sections below. bd keeps settings of its own in that file,
   too.

The file may also belong to beads: other top-level keys are left alone. An
unknown key inside sync, federation or conflict is an error. So is a top-level
key that is nearly one of these three, such as Federation, and peers outside
federation.

    sync:
      mode: dolt-native              # or belt-and-suspenders; git-portable and realtime refuse to federate
    federation:
      remote: file:///srv/dolt/north # our own mailbox, the primary: shown as the peer \`origin\`
      town: north                    # our name among the peers, needed for \`live: true\`
      sovereignty: T1                # what peers may see; this version sends T1 only, the whole history
      dirty: allow                   # uncommitted changes: allow (they stay here), fail, commit
      # database: ../db              # relative to this file; otherwise the database is found
      allowed-remote-patterns:       # Go path.Match on the endpoint; no pattern allows everything
        - file:///srv/dolt/*
        - git+ssh://git.example/./data/*
        - https://dolt.example:50051/*
        - https://files.example      # hosts in allowed-hosts count, too
        - s3://bucket/*
        - 'aws://\\[manifests:bucket\\]/*'   # the form for a Dolt without s3://
        - mysql://127.0.0.1:3306/north      # the database in federation.server
      peers:
        south: file:///srv/dolt/south
        library:
          endpoint: file:///srv/dolt/library
          role: upstream
          branch: stable             # otherwise our own branch
          conflict: manual           # otherwise the strategy of the run
          accept: [triggers]         # what this peer may bring although it is checked; see safety.md
          trust: [north, "github:*"]  # systems whose rows it may change; see beads.md
        hub:
          endpoint: git@git.example:data/hub
          ref: refs/heads/dolt-data  # git remotes; otherwise refs/dolt/data
        live:
          endpoint: https://dolt.example:50051/beads
          user: sync                 # https remotes; the password is in the credentials
          allowed-hosts: [files.example:443]  # hosts that this server may name for its files
          live: true                 # a running database: commits are delivered to an inbox branch there
        lake:
          endpoint: s3://bucket/north
          aws:                       # also profile, endpoint, path-style
            region: eu-west-1
            dynamodb-table: manifests
        vault:
          endpoint: file:///srv/dolt/vault
          role: backup
          tier: T1                   # may not be below federation.sovereignty
          lower-tier: false          # true allows just that
    conflict:
      strategy: newest               # newest, ours, theirs, manual

validate checks the file and reports every problem. config.schema.json describes
it for editors.

KEYS AND VARIABLES

Keys can also be written flat, as bd config set does (federation.sovereignty:
T1). From low to high, the layers are: default, file, environment, flag or
input. An empty variable counts as unset. The tier can only be raised.
dolt-federation config list --show-origin prints every effective value and its
origin, and config get prints one, also of a peer (config get
federation.peers.hub.role).

CHANGING IT WITH COMMANDS

    dolt-federation config set federation.dirty fail
    dolt-federation config unset federation.dirty
    dolt-federation set-peer hub --role backup --timeout 90s --unset branch

add-peer and set-peer take every option of a peer: --aws-region, --accept
deletion,future, --live false and so on. set-peer removes an option that gets an
empty value, or that --unset names. Lists are separated by commas.

These commands change one key, in the spelling that they find, nested or flat.
Every other byte of the file stays: comments, order, indentation, line breaks. A
value that is already set keeps its spelling. A removed key takes the comments
of its value with it. A mapping that becomes empty is removed as well, unless it
has comments of its own. The result is validated before it is written. Before
the edit, only the YAML of the file has to be valid, so a command can correct a
file with one problem: set the key that is missing, unset one that is unknown,
or remove a peer. A result with other problems is refused, even if the file had
them before; use an editor to correct several at once. Secrets are refused. A
file that another program changes meanwhile is read again. config set
federation.database checks the folder, which is relative to the file: one
without a database is refused, and one that does not exist yet is accepted with
a warning. federation.server has several keys: set federation.server.port first.
config unset federation.server removes them all.

An edit replaces the file with a new one of this user, with the mode and group
of the old one. A file of another user whose owner could then not read or write
it is not replaced (file-owner): to share a configuration, give the file and its
folder a group of both users, and the file the mode 0660. Access lists (ACLs) do
not stay.

--save of add-peer, sync, pull and push writes the folder given with --database
as federation.database.

  sync.mode
      Environment: BD_SYNC_MODE
      Default: git-portable in a beads workspace, else dolt-native
  federation.remote
      Environment: BD_FEDERATION_REMOTE
      Default: none
  federation.sovereignty
      Environment: BD_FEDERATION_SOVEREIGNTY
      Default: T1
  federation.allowed-remote-patterns
      Environment: BD_FEDERATION_ALLOWED_REMOTE_PATTERNS
      Default: all
  federation.dirty
      Default: allow
  federation.attribution
      Default: report
  federation.database
      Environment: DOLT_FEDERATION_DATABASE
      Default: the database is found
  federation.server: the running server that holds the database (below)
      Default: none
  federation.town: our name, for deliveries
      Environment: BD_FEDERATION_TOWN
      Default: none
  federation.inbox: merge deliveries to our database; true or a list of senders
      Default: false
  federation.plain-hosts: hosts whose https and ssh peers are not running
  databases
      Default: none
  federation.push
      Environment: BD_FEDERATION_PUSH
      Default: true, unless a key of beads forbids pushing (below)
  federation.register
      Default: run in a beads workspace, else keep: whether dolt remote -v shows
      the peers between runs
  federation.peers.<name>
      Default: none
  conflict.strategy
      Environment: BD_CONFLICT_STRATEGY
      Default: newest

The database is the first of these:

1. the folder that --database, or the input database, names;
2. the folder that DOLT_FEDERATION_DATABASE names;
3. federation.database, relative to the configuration file;
4. the database of the beads workspace (what is read, and what is refused);
5. the nearest folder upward that holds .dolt.

A name that does not exist is an error with a suggestion. Limits has the
details.

WHO COMMITS

Under federation.dirty: commit a run commits uncommitted changes in the name of
the user, and reports the tables and the commit. Of a staged table it commits
the newer version. If the tables equal HEAD because a staged change was undone,
or if Dolt refuses the commit because of open conflicts or constraint
violations, the changes stay as under allow. resolve restores lost rows in the
same name. Name and email come from the first of these that has both:

1. Dolt: user.name and user.email in .dolt/config.json of the database, else in
   ~/.dolt/config_global.json;
2. git: its variables GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, and its settings.

Without them the run is refused (no-identity), and doctor reports it in advance.
The Action does not read the settings in the home folder of the runner: set the
two variables in env. Merge commits have an author of their own.

A DATABASE BEHIND A RUNNING SERVER

A run can work through the dolt sql-server that holds the database, so that
clients stay connected:

    federation:
      database: town
      server: {port: 3306}

  port
      Meaning: port of the SQL server
  host
      Default: 127.0.0.1
      Meaning: its host
  user
      Default: root
      Meaning: the user, if the credentials have no entry
  database
      Default: name of the folder
      Meaning: name of the database at the server
  remotesapi
      Default: none
      Meaning: port of its remote interface, for a server on another machine or
      one that cannot use files of this user
  tls
      Default: true for another machine
      Meaning: whether both ports use TLS; for another machine it must be true

The password is in the entry federation.server of the credentials:
federation.server: {url: 'mysql://127.0.0.1:3306', user: root, password: {env:
DOLT_PASSWORD}}. With remotesapi, add the same remotesapi to this entry.
federation.allowed-remote-patterns, if set, must allow both ports:
mysql://host:3306/database and https://host:50051/database.

The user must be allowed to read the database and to call procedures. ALL on the
database is not enough, because Dolt reserves three procedures for users with
SUPER or with a grant by name:

    GRANT SELECT, EXECUTE, ALTER, REFERENCES, UPDATE ON town.* TO 'federation'@'%';
    GRANT EXECUTE ON PROCEDURE town.dolt_remote TO 'federation'@'%';
    GRANT EXECUTE ON PROCEDURE town.dolt_push TO 'federation'@'%';
    GRANT EXECUTE ON PROCEDURE town.dolt_fetch TO 'federation'@'%';

ALTER, REFERENCES and UPDATE are for uncommitted foreign keys, such as those of
ignored tables: Dolt drops them in a move, and a run adds them again. A user
without these rights is refused before anything is pushed. With remotesapi the
user needs SUPER and CLONE_ADMIN. A server with --readonly is refused. doctor
does not connect to the server, and says so.

- Peers, credentials and merges stay in a scratch copy of the branch. The server
  only fast-forwards its branch at the end, and gets the tag of a head that
  force-with-lease replaces (ADR 15).
- A run keeps one connection to the server open until it ends, and opens others
  for moments. If the server ends meanwhile, the run fails with
  server-unreachable, and the next run goes on.
- Uncommitted work of clients stays. A peer that changes a table with
  uncommitted rows waits (uncommitted-changes). If a peer removes rows to which
  uncommitted rows refer, no merge is pushed, and all peers wait. Rows of
  ignored tables do not count if their key says what happens to them (ON DELETE
  CASCADE): they stay, without the row that they refer to. All peers also wait
  if a client changed a table after it staged it (DOLT_ADD), and while the
  branch has a merge, conflicts or violations that are not committed. Other
  staged tables stay staged.
- Commits that clients make during the run are merged at its end, and the next
  run pushes them. If they commit faster than the run merges, our branch stays,
  and the peers report contention. Run again: the next run merges what was
  pushed.
- If the folder of the database is found, the server must have that database.
  Another one at the port ends the run (database-in-use).
- If no server holds the database, it is opened directly. Both kinds of runs use
  the same record of the last heads of the peers.
- resolve works the same way: it merges in the scratch copy, and the server
  fast-forwards its branch. If a client commits meanwhile, nothing is merged.
  Your choices stay in the file: run sync, then resolve.
- Not possible through a server: adopt, federation.inbox, and a row of
  dolt_nonlocal_tables that names another branch (dolt-defect).

ROLES

  primary (at most one)
      Is read and merged: yes
      Is pushed to: yes
      In sync: yes
      In backup: only its tag is read, or if it is named
  peer (default)
      Is read and merged: yes
      Is pushed to: yes
      In sync: yes
      In backup: if it is named
  upstream
      Is read and merged: yes
      Is pushed to: never
      In sync: pull only
      In backup: never
  backup
      Is read and merged: never
      Is pushed to: yes
      In sync: push only
      In backup: yes
  archive
      Is read and merged: never
      Is pushed to: yes
      In sync: no
      In backup: yes

Every peer that takes part is tried, even if others fail. only-role (--only-role
backup,archive) limits a run to peers with these roles, and the names of peers
limit it to these peers. A backup or an archive only ever moves forward. Other
commits that it holds are never merged. If they are on top of ours, only its
state says so (behind). A peer at the place of an upstream, in any spelling and
with the same branch, gets no push (config-invalid).

WHICH FAILURES MAKE A RUN FAIL

  any (default)
      1 if every peer failed, 4 if a conflict is unresolved, 3 if some peers
      failed
  primary
      1 if the primary failed, 4 if it is in conflict, else 0 with warnings;
      without a primary among the selected peers, 2
  none
      0

With stale-after: 2d, a peer counts as failed if it lacks a commit of ours that
is older, or if it cannot be reached and was last verified longer ago. Until
then, a failure that may pass, such as a network error, does not fail the run
(alarms).

Bad usage, a database that cannot be opened and an interrupt have exit codes of
their own, regardless of fail-on.

DATABASES THAT MUST NOT BE PUSHED

A database can be forbidden to push. sync then only pulls and reports
push-disabled. push and force-with-lease end with exit code 2. readonly also
refuses sync, pull and resolve.

  no-push
      Variable: BD_NO_PUSH
      Effect: pushes nothing
  dolt.local-only
      Variable: BD_DOLT_LOCAL_ONLY
      Effect: pushes nothing. bd does not pull either; dolt-federation pulls
      when you ask for it
  readonly
      Variable: BD_READONLY
      Effect: pushes nothing, and refuses sync, pull and resolve, as bd refuses
      every write
  federation.push: false
      Variable: BD_FEDERATION_PUSH
      Effect: pushes nothing

- bd merges several files, and a guard counts in each: config.yaml of the
  workspace, config.local.yaml beside it, and, for the command-line tool, the
  user's own files (~/.beads, ~/.config/bd). If the database is in another
  workspace, the files of that workspace count as well, also if the path of the
  database is a link. For one key the variable comes before the files, as in bd.
- Values are true, false and the other forms that bd reads (1, t, T, 0, f, F).
  bd takes anything else, including yes and on, as false. dolt-federation
  refuses it.
- A key that is nearly one of these, such as no_push, is an error.
- bd reads a guard through a merge key (<<), an alias or a tag. dolt-federation
  refuses a merge key, an alias in place of a key, and a key with a tag, at the
  top level and below dolt, export and types. It also refuses an alias in place
  of such a mapping.
- federation.push: true overrides the keys of beads for dolt-federation. Of
  several guards the strictest counts: no other one lifts readonly.
- dolt.auto-push does not count. It says whether bd pushes after each of its own
  writes, not whether pushing is allowed. --sandbox of bd is a flag of one
  command.
`,
  credentials: `CREDENTIALS

Credentials are not part of the configuration. They are YAML of their own, by
the name of the peer (origin is the primary). They come from

- the input credentials of the Action,
- on the command line, a file that only its owner may read (--credentials FILE,
  chmod 600),
- or else the variable DOLT_FEDERATION_CREDENTIALS.

    live: {url: 'https://dolt.partner.example', user: sync, password: {env: LIVE_PASSWORD}}
    hub: {url: 'dolthub://my-org', dolt-jwk: {env: DOLTHUB_KEY}}
    store: {url: 's3://my-bucket', aws-access-key-id: AKIA…, aws-secret-access-key: {env: AWS_SECRET}}
    bucket: {url: 'gs://my-bucket', google-credentials: {env: GOOGLE_KEY}}
    far: {url: 'ssh://dolt@far.example', ssh-key: {env: FAR_KEY}, known-hosts: 'far.example ssh-ed25519 AAAA…'}
    repository: {url: 'https://github.com/my-org/my-repo', git-token: {env: REPO_TOKEN}}

Any value may come from a variable ({env: NAME}). In a workflow, use variables
for keys of several lines and for JSON. They break when they are pasted into
YAML:

    - uses: OWNER/dolt-federation@COMMIT
      env:
        FAR_KEY: \${{ secrets.FAR_KEY }}
      with:
        credentials: |
          far: {url: 'ssh://dolt@far.example', ssh-key: {env: FAR_KEY}, known-hosts: 'far.example ssh-ed25519 AAAA…'}

KEYS

An entry has url and one kind of secret.

  https://
      Keys: user, password
      How to get them: a server over https
  dolthub://
      Keys: dolt-jwk
      How to get them: DoltHub
  s3://, aws://
      Keys: aws-access-key-id, aws-secret-access-key; optional
      aws-session-token, aws-endpoint
      How to get them: S3
  gs://
      Keys: google-credentials
      How to get them: Google Cloud Storage
  ssh://, git over ssh
      Keys: ssh-key, known-hosts
      How to get them: ssh
  git over https
      Keys: git-token
      How to get them: git
  az://
      Keys: azure-tenant-id, azure-client-id, azure-client-secret
      How to get them: Azure
  federation.server, not a peer
      Keys: user, password; url is mysql://host:port; optional remotesapi
      How to get them: the server of the own database
  in a cloud
      Keys: instance-role: true
      How to get them: the metadata service of the machine

RULES

- url is scheme, host, port, and as much of the path as the secret is for. If
  the configuration moves a peer to another address, the peer gets nothing and
  no request is sent: credential-url-mismatch. For ssh the user is part of it: a
  key for ssh://dolt@far.example is not used for ssh://root@far.example.
- The remotesapi port of federation.server gets the password, too. In a job, the
  entry names this port as well (remotesapi: 50051), or
  BD_FEDERATION_ALLOWED_REMOTE_PATTERNS allows https://host:50051/database.
  Otherwise nothing is sent: credential-url-mismatch.
- Each secret is masked in the log of the step. It goes only to the processes
  that connect to its peer. It is in no argument, URL, table or file that
  outlives the run.
- A refusal is final (auth, untrusted-host) and is not retried.
- A password or a key in an endpoint is refused.
- SSL_CERT_FILE in the environment of the job names your own certificate
  authority, for git as well. GIT_SSL_CAINFO comes before it for git, and
  AWS_CA_BUNDLE for AWS. Each replaces the authorities of the system, so use a
  file that holds both.

PEERS WITHOUT AN ENTRY

A peer without an entry uses what the job already has for that kind of remote.
This applies to the provider's own hosts (AWS, Google, Azure), or to the service
that the environment of the job names. The ssh agent counts as such. The
metadata service of the machine is asked only for a peer whose entry says
instance-role: true.

A git peer over https in the workflow's own repository uses github-token.
`,
  endpoints: `ENDPOINTS

This page explains how to set up a peer of each form, and what can go wrong.
Credentials has the rules for secrets, and how Dolt handles remotes has the
measured facts behind this page.

  file:///path
      the same; the parent folder must exist, so that an unmounted disk is
      noticed
  dolthub://org/repo
      https://doltremoteapi.dolthub.com/org/repo; another host with dolthub-host
  https://host/path, http://
      the same; http only to this machine, unless allow-insecure; a path ending
      in .git is a git remote
  ssh://host/path
      the same; ending in .git, a git remote
  git@host:path
      git+ssh://git@host/./path.git
  s3://bucket/path
      the same if this Dolt knows it; else, with aws: {dynamodb-table: …},
      aws://[table:bucket]/path
  gs://bucket/path, aws://[table:bucket]/path, az://, oci://
      the same
  git+https://, git+ssh://, git+file://
      the same
`,
  beads: `BEADS

Beads (bd) keeps issues in a Dolt database. dolt-federation finds that database,
respects the settings that forbid writing, and merges the tables of beads by
rules of their own. This page is about bd 1.3.0.

Beads calls the database of one team a *town*. federation.town is the name of
your database among its peers.

WHERE THE DATABASE IS

A beads workspace is read as bd 1.3.0 reads it: first the workspace, then its
mode, then the folder of its database. The configuration comes from the same
workspace.

  1
      BEADS_DIR; BEADS_DB or BD_DB outside any workspace; or one of them in
      .beads/.env
  2
      the nearest .beads with files of beads, up to the root of the git
      repository
  3
      at the root of a git worktree or a secondary jujutsu workspace: its own
      .beads if it has a database or a redirect, else that of the main
      repository (of a bare one too)

.beads/redirect is followed once. The workspace that it leads to keeps its
database, but dolt_database of the workspace with the file names it. A redirect
to a folder that is not a workspace is ignored, with a notice.

  1
      The mode, highest first: dolt_mode: proxied-server
      The database: in BEADS_PROXIED_SERVER_ROOT_PATH, else root_path of
      proxied_server_client_info.json, else as below
  2
      The mode, highest first: BEADS_DOLT_SHARED_SERVER, dolt.shared-server
      The database: in dolt of BEADS_SHARED_SERVER_DIR, else of
      ~/.beads/shared-server
  3
      The mode, highest first: server: BEADS_DOLT_SERVER_MODE=1, another machine
      in BEADS_DOLT_SERVER_HOST, dolt_mode, dolt_server_host, dolt.mode,
      dolt.host
      The database: in BEADS_DOLT_DATA_DIR, else dolt_data_dir, else an absolute
      database, else .beads/dolt
  4
      The mode, highest first: embedded
      The database: in .beads/embeddeddolt

Its name is BEADS_DOLT_SERVER_DATABASE, else dolt_database, else beads. If both
folders are there, only the mode decides. .beads/.env and config.local.yaml
count as in bd.

Some workspaces are refused with workspace-unknown, because bd works in another
database than its settings seem to say, or refuses them too. The error says what
was found, where, and what to do:

- any other dolt_mode, dolt.mode or backend. bd 1.3.0 takes an unknown mode for
  embedded, and works in an empty database beside the real one.
- a value that bd silently ignores, such as BEADS_DOLT_SHARED_SERVER=yes
- BEADS_DIR, BEADS_DB or BD_DB that names no workspace; BEADS_DB or BD_DB that
  names another workspace than the one around the working directory; db in
  config.yaml that does
- a redirect to no workspace in a worktree

A missing database is cloned where the workspace says, unless there is another
one, a server that has it, or no metadata.json. Nothing is ever cloned beside a
database, nor for a server with a port of its own. In server mode, run bd
migrate schema after a clone: bd 1.3.0 makes its local tables only when it
writes, and bd list fails without them. The workspace also gets the file
.local_version before the clone gets its name. Without it, bd takes the
workspace for one from before 1.0.

If you name the database, it is used in any case, and the run reports the
settings that it did not follow.

In a job, the files of a checkout cannot lead outside of its workspace
(outside-workspace). A variable of the job may: BEADS_DIR, BEADS_DB,
BEADS_DOLT_DATA_DIR, BEADS_SHARED_SERVER_DIR, DOLT_FEDERATION_DATABASE.

Tested in beads/workspace, beads/mode, beads/worktree, field/database-places,
and with bd itself in beads/bd-modes and beads/with-bd.

JOINING ANOTHER TEAM

bd init begins a new history, and databases federate only if they share one. So
one team begins, and every other team starts with a clone of its issues:

    bd init --remote https://github.com/partner-org/their-repo.git
    dolt-federation init https://github.com/my-org/my-repo.git --name south
    dolt-federation add-peer partner --from-remote origin --role upstream
    bd dolt remote remove origin
    dolt-federation sync

bd init --remote of bd 1.3.0 clones nothing with --proxied-server, nor for a
shared server that has a database already: it begins a new history. There, put
the .beads/metadata.json of the other team into the workspace.

- Proxied server: set dolt_mode to proxied-server.
- Shared server: set dolt_mode to server, dolt_database to a name that the
  server does not have, and dolt.shared-server: true in config.yaml. Stop the
  server (bd dolt stop), because a running one sees no new database. After the
  clone, run bd dolt start and bd migrate schema.

The command init then works without a database. After add-peer, dolt-federation
sync --bootstrap partner clones the issues to where bd expects them. It works in
embedded and server mode, too.

To keep issues that you have already, run bd export -o mine.jsonl before you
remove the old .beads, and bd import mine.jsonl after the clone.

A SERVER OF BD

A database whose server does not run is federated directly. dolt-federation
never starts a server.

If the server runs and holds the database, the run works through it (a database
behind a running server). Its address, user and password are those that bd uses:

- server and shared server: the port in BEADS_DOLT_SERVER_PORT,
  dolt-server.port, listener.port of the config.yaml in the data folder,
  dolt.port or dolt_server_port; the shared server also 3308. The user is
  BEADS_DOLT_SERVER_USER, dolt_server_user or root; the password is
  BEADS_DOLT_PASSWORD or that of bd's file of credentials.
- proxied server: the port in proxy.pid, as root
- an external server of a proxied workspace, or a server on another machine:
  host and port of its settings, only over TLS

In a job, a checkout does not choose the server that gets a password of the
workflow (credential-url-mismatch). Set BEADS_DOLT_SERVER_HOST and
BEADS_DOLT_SERVER_PORT beside BEADS_DOLT_PASSWORD or
BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD. A dolt_remotesapi_port needs
BEADS_DOLT_REMOTESAPI_PORT, too.

With --stop-bd, the command line stops the server with bd dolt stop first, and
works on the database itself. It ends no process, and gives bd only the
variables BD_* and BEADS_* beside folders and the language. The next command of
bd starts the server again, except the shared one: run bd dolt start for it.

A run keeps one connection to the server open until it ends, because bd ends a
proxy and its server 30 s after the last client. If the server is stopped during
the run, the run fails with server-unreachable. Run again: the next run works
without it. A server of bd that has just started is waited for until bd has
noted it, at most 2 s. A run without a server opens the database several times.
If bd starts a server in between, it can end with database-in-use: run again.

If the proxy was killed, its server still holds the database, and only bd can
end it. On Linux a run then ends with database-in-use after 2 s. Run bd dolt
stop, or any other command of bd, which starts a new server. --stop-bd does it,
too. On other systems the code is server-unreachable.

federation.server replaces all of that. A server at a Unix socket, or with
BEADS_DOLT_CREDENTIAL_COMMAND, is not used.

A copy of a workspace also copies the notes about the server of the original.
They count only if the noted process holds the lock of the database. Otherwise
the run ends with database-in-use.

A FROZEN WORKSPACE

A file MIGRATION-FREEZE in the workspace, beside the database, in the working
directory, or above one of them stops everything that writes: sync, pull, push,
resolve and backup end with migration-freeze, exit code 2 (bd: 14). add-peer,
set-peer and remove-peer still change the configuration file. They leave the
remotes of the database as they are, with a warning. status, --dry-run and
doctor still work. BD_MIGRATION_FREEZE_FILE names another file, and then only
that one counts. A file in a folder in which every user of the machine can write
does not count.

SETTINGS

- sync.mode is git-portable by default in a beads workspace. Set it to
  dolt-native to federate. belt-and-suspenders federates too, and writes the
  JSONL file.
- no-push, dolt.local-only and readonly forbid pushing.
- federation.register is run by default in a beads workspace: remotes do not
  stay in the database, because bd refuses to upgrade a database that has
  remotes.
- Other top-level keys of .beads/config.yaml are left alone, as are bd's own
  keys in sync and federation: sync.remote, sync.git-remote, sync.branch,
  sync.require_confirmation_on_mass_delete, federation.remotes.

THE JSONL FILE

In the mode belt-and-suspenders, sync and pull write .beads/issues.jsonl at
their end. export writes it in any mode. The file has the bytes that bd export
of bd 1.3.0 writes for the same database, uncommitted changes and leases
included. export --check compares the two and names the issues that differ.

- bd writes the metadata of an edge, and large numbers in the metadata of an
  issue, in one form in embedded mode and in another through a server. The file
  has the form of the mode of the workspace; without a workspace, that of
  embedded mode.
- bd fails to export some times of the years 0 and 1, such as started_at in the
  year 0. The file has them.
- The file is written beside the old one and renamed. A file with the same
  content is not touched.
- Records have the values of the database, as in bd export. An edit of the file,
  by hand or in a commit of a colleague, is replaced without a warning; the
  history of git keeps it. export --check names the issues that differ. To keep
  an edit, run bd import before the next export. bd takes a record only if its
  updated_at is later than that of the issue.
- A row that bd would refuse to import stops the export, because bd refuses the
  whole file then (export-row). Examples are an open issue with closed_at, an
  empty title, a status or type that neither bd nor status.custom or
  types.custom has, a text that is too long, and a value that does not fit its
  field. The message names the rows.
- A file keeps its records unless the history of the database shows that the
  issue was deleted (export-fewer). A record also leaves if the database has its
  issue, but bd leaves it out: ephemeral, a template, of an infrastructure type
  or an excluded owner. If more than max-delete percent of the records would
  leave so at once, none does. export takes 50 %. The last record is never
  removed. allow-fewer replaces the file in any case.
- bd's keys export.path, export.exclude_owners, types.infra, types.custom and
  status.custom are followed. jsonl-path names another file.
- If the export fails, the run is partial: what was synchronized stays.
- If a server holds the database, the file has its committed issues only.

In the Action, jsonl-commit: commit commits the file on the branch that is
checked out, and push pushes one commit to the branch of the workflow: the
default branch on a release or a tag. The commit has this file and nothing else,
so staged changes, hooks, filters and local tags take no part. If the branch
moved meanwhile, the commit is made again on its new head, twice at most. After
push, the checkout follows if its commit has the same other files; if a run is
killed before that, the next one does it. If the checkout has a commit that is
not pushed, it stays, and a warning says so: discard the local change of the
file (git restore), then pull the branch. In a shallow checkout (fetch-depth: 1)
the remote is asked whether it has the commit. If the branch moved there
meanwhile, only its new head is fetched: before git pull, a later step needs git
fetch --deepen=1 origin <branch>, with the number of commits that it lacks. The
file of the branch keeps its records as the one of the checkout does
(export-fewer): a colleague can have pushed others since, or the checkout can
lack the file. The job needs contents: write. The token goes to the server of
the job only, in settings of the git command. pull-request is for a protected
branch. It puts the commit on the branch dolt-federation/jsonl-<id> and opens a
pull request to the branch of the workflow, unless one is open. Later runs
replace that branch, but only while its head is their own commit. A commit that
a colleague amends, rebases, squashes or cherry-picks is not theirs, also if it
keeps the message: its last line has a digest of the commit. Runs fail until
that branch is deleted, also after a merge of the pull request: GitHub can
delete it then ("Automatically delete head branches"). An executable file stays
executable. If the branch of the workflow has the same file, the other branch is
deleted, which closes the pull request. The job also needs pull-requests: write,
and the repository must allow GitHub Actions to create pull requests.

In memory are the ids of all issues and the rows of 200. npm run bench:export
measures it beside bd export. With 100,000 issues, a file of 69 MiB, and Dolt
2.3.0 on two busy cores:

  export, of a new file
      Seconds: 139
      MiB: 157
      Dolt MiB: 232
  export, without a change
      Seconds: 120
      MiB: 203
      Dolt MiB: 222
  export --check
      Seconds: 142
      MiB: 244
      Dolt MiB: 223
  bd export
      Seconds: 166
      MiB: 1,643

Tested in jsonl/encode, jsonl/git, commands/export and
commands/belt-and-suspenders.

WHOSE ROWS COME IN

The issues of beads have a column source_system. For each peer, the report and
the job summary count the issues that its head adds, changes and deletes, by
system and creator; the JSON has it as attribution. At most 20 sources of a peer
are named. A system is named up to its first colon, because trackers write an
address and a number after it. An issue that a peer forwards belongs to the
system in its row. Systems and creators are shown unless report-values is none.

federation.attribution is report, off (counts nothing), or stamp. stamp also
writes federation.town into the source_system of new issues, before sync or push
publishes them:

- An issue gets the name if it has no system and no peer has or had it: neither
  the head of a peer nor a commit at which your branch left the history of a
  peer contains it. So only its creator names it. Uncommitted issues are named
  after they are committed.
- An issue that only got another id is the issue of before, under the rule for
  renamed keys. If something else of it changed as well, it counts as new. So
  does an issue that resolve restores under another id.
- One commit (federation stamp v1) on your branch does it. It depends on the
  heads only, so two machines with the same heads make the same commit. Times of
  rows do not change.
- If a client of a running server commits meanwhile, the commit is made again on
  that head. If your branch cannot move to it (contention, uncommitted-changes),
  nothing is pushed in this run, and what the peers have is still merged: an
  issue that is pushed without a name never gets one. That happens if clients of
  the server commit about every second during the whole run, and if another
  process commits to a database that is opened without a server.
- If a peer was never read, it may have the issues already, also if the run does
  not select it. Then none gets a name, with the warning not-stamped, and they
  are pushed. Archives do not count, nor does the peer that the run cloned. The
  same happens if the name does not fit, issues has triggers, or the comparison
  takes too long. backup and an earlier run without stamp push issues without a
  name, too.
- Each leg of a fan-out keeps the heads of its own peers only. Legs give no
  names: run sync without shard first.
- A dry run does not show it. An issue that came by dolt pull, or by a delivery
  that was not pushed on in the same run, counts as yours.

trust of a peer is a list of patterns for it: the peer may only add, change and
delete rows of these systems, and may not move a row into another one. Rows
without a system have the empty text. * and ? do not match a /, as in the
patterns of endpoints. A table without the column or without a primary key is
read-only for that peer, and so is a definition, unless your database has the
same one. Any violation blocks the peer (peer-untrusted), the report names the
rows, and no accept allows it. The same rule holds for --adopt and resolve. For
--adopt, rows that the head takes back of shared commits count; rows that only
the commits of --discard-local changed do not. Where both sides made the same
migration, rows decide. If the last common commit lacks such a table or has
another primary key there, every row of another system that differs from ours
counts. If both sides added a column, a row that our side deleted counts, too.
So do all such rows if our key has another type.

trust finds mistakes, not forgers: a peer can write any name into the column of
a row that it adds.

Tested in sync/incoming/trust and sync/history/stamp.

A RUNNING BD

Only one process can have a Dolt database open. In embedded mode, every command
of bd opens it, and waits without a message while another process has it open.
So a run in a terminal works in a copy, and opens the database only to move its
branch, about a second. If bd commits meanwhile, the run merges these commits,
and the next run pushes them. Some runs need the database itself (ADR 16).
Tested with a bd that writes in a loop in beads/processes/bd-writes.

You have to decide about these:

- A running dolt sql-server of beads whose address is not known, or whose proxy
  was killed: stop it with bd dolt stop.
- A running daemon (.beads/daemon.pid): stop it with bd daemon stop.
- A workspace that keeps its issues in SQLite: move it to Dolt. bd migrate of bd
  1.3.0 refuses it, and the page of beads about upgrades (cross-era upgrades)
  says how.

Each of them ends a run with database-in-use. See locks.

Every command of bd locks two files, shared: .beads.gate.lock beside the
workspace, and one beside the folder of its databases, such as
.beads/embeddeddolt.gate.lock. bd init, bd migrate and bd backup restore lock
them exclusively. A run that opens the database itself locks them as bd does. It
waits at most 10 s for such a command, and then ends with database-in-use. Node
has no such lock, so flock or perl takes it. As in bd, a file that cannot be
locked does not stop a run; on Windows, none is locked. Tested in
beads/processes/gates.

MERGING

The tables of beads have rules of their own. Rows that say where other programs
send data (federation_peers, routes, config) block a peer. A first push and
doctor warn about rows with credentials.

WHERE BD AND DOLT-FEDERATION DIFFER

bd sync and bd dolt pull merge, too. The results differ on purpose in these
cases:

  changed a cell of an issue
      bd 1.3.0: takes it from the row with the later updated_at
      dolt-federation: takes it from the side that wrote this cell last
      Why: an unrelated edit must not decide
  one deleted an issue, the other changed it
      bd 1.3.0: stops for a person
      dolt-federation: keeps the changed issue
      Why: a deletion can be repeated, an edit cannot
  one deleted an issue, the other added a comment
      bd 1.3.0: deletes the comment
      dolt-federation: restores the issue with the comment
      Why: the same
  rewrote notes, or set one key of metadata
      bd 1.3.0: stops for a person
      dolt-federation: takes the later value and asks for a confirmation
      Why: one row must not stop all others
  wrote a setting in config
      bd 1.3.0: stops for a person
      dolt-federation: the same
      Why: the same
  added one edge
      bd 1.3.0: takes the pulled row
      dolt-federation: takes the row created first
      Why: the result must not depend on who pulls
  wrote metadata (clone_id, repo_id)
      bd 1.3.0: takes the pulled row
      dolt-federation: takes the later row
      Why: the same
  changed an issue
      bd 1.3.0: draws a random row_lock
      dolt-federation: computes row_lock
      Why: all databases must make the same commit

A federation with both tools converges (beads/processes/bd-rounds, and by the
scheduled workflow on fresh runners rounds-on-runners). A merge of either tool
contains both parents, so the other tool only fast-forwards to it. If both tools
merge the same heads at the same time, there are two merge commits with few
differences. The next merge resolves these like any others, and then one commit
contains both. bd computes is_blocked by the same rule. For issues that a wisp
can block, the value of the last writer stays.

THE IDENTITY OF A CLONE

bd keeps clone_id and repo_id in the committed table metadata, so one history
holds one pair. It writes them in bd init and bd migrate, and only bd doctor
reads them. If several clones write them, the rows that were written last count
everywhere, without a question. A clone could keep its own pair only as an
uncommitted change, which the next bd create commits (bd 1.3.0, measured). Then
the databases would overwrite each other in every round. _project_id is the same
in all clones and is checked.

Tested in beads/clone-identity.

DELETED ISSUES

If another database deleted an issue, the local rows that refer to it stay here:
its events, and edges of wisps to it.

MERGES THAT LACK ROWS

After bd sync in embedded mode has resolved a conflict, its merge commit may
lack rows. bd 1.3.0 commits the tables with conflicts, and leaves the rows of
all others uncommitted until its next write. Another database that takes this
commit loses its own comments and labels. A run recognizes such a merge, of ours
or of a peer, and refuses it with lossy-merge:

- In your database: commit the rest. Any command of bd that writes does it, or
  dolt add -A and dolt commit.
- At a peer: its operator does the same. If the rows are meant to be gone,
  accept: [deletion] takes the merge.

Every new merge is compared with both parents. A row counts as lost if one
parent added it since the merge bases, and the merge and the head lack it. It
does not count if the row that it refers to is gone, if another row has its
unique value, or if a later commit had it. A unique key or a foreign key
explains it only if both parents had that key. A table is the same one if it or
its key columns were renamed, or if it was dropped and created again. Documents,
saved queries and tests of Dolt count, too. Tables without a primary key, or
with another one in these commits, are not compared. An empty peer has no rows
to lose: before a push to it, only our 20 newest merges are compared.

UPGRADES OF BD

schema_migrations has the version of the schema. An upgrade moves events to a
local table, gives comments and dependencies new ids, and adds patterns to
dolt_ignore.

- **A peer is ahead** (schema-ahead): it waits. Upgrade bd here, and sync again.
  A merge would drop the events that only your database has. If no bd works on
  the database, accept: [ignore, deletion] takes the upgrade.
- **A peer is behind**: it is merged, and the report says so (schema-skew). If
  it changed a table that is local here, it waits (schema-ahead) until its
  operator has upgraded.
- **Both upgraded**: they merge. Neither new ids nor the patterns of bd need
  consent. Any other pattern blocks the peer.
- **No upgrade**, but a table or column of bd lost its exact name, or a column
  has values of another kind (number, text, bytes, JSON, time): the peer waits
  (mass-deletion) until accept names deletion. bd would read these values as
  missing or wrong.
- **One version with different migrations** (schema-fork): the databases are
  never merged. Two versions of bd changed the schema differently.

ONE PROJECT

bd keeps the id of a project as _project_id in the table metadata and as
project_id in .beads/metadata.json. It refuses to write if both are there and
differ. Here the same rule holds in two places (other-project, exit code 4):

- **A peer with another id** is neither merged nor pushed to, and no accept
  allows it. After a merge, bd would refuse to open one of the two databases. It
  happens if two copies of an old database each got an id. If they are one
  project, write one of the ids to both places on the other side, commit, and
  run again.
- **A database with another id than its workspace** is not synchronized: the
  server may serve another database. status and a dry run only warn, and doctor
  reports it. A database that you name yourself is not compared. With
  BEADS_SKIP_IDENTITY_CHECK=1, no id is.

A peer that removes or empties the id is another project, too. An id that only
one side ever had is no difference, unless the workspace of that side has
another one.

Tested in beads/project.

FROM BD'S COMMANDS TO THESE

  bd federation add-peer NAME URL
      Here: dolt-federation add-peer NAME URL
      Difference: Writes the configuration file. By default the database gets no
      remote
  bd federation remove-peer NAME
      Here: dolt-federation remove-peer NAME
  bd federation list-peers
      Here: dolt-federation list-peers
      Difference: Lists the configured peers. --unregistered lists those that
      only the database knows
  bd federation status
      Here: dolt-federation status
      Difference: Reads every peer, and writes nothing
  bd federation sync
      Here: dolt-federation sync
      Difference: Checks and proves each peer. bd takes every remote but origin
  bd federation sync --strategy ours
      Here: conflict: ours of a peer, or --conflict-strategy ours
      Difference: By cells, not by whole tables
  bd sync, bd dolt pull, bd dolt push
      Here: dolt-federation sync, pull, push
  bd export -o FILE
      Here: dolt-federation export --jsonl-path FILE
      Difference: The same bytes; keeps a fuller file
  bd config set federation.remote URL
      Here: dolt-federation config set federation.remote URL

federation before a command is accepted: dolt-federation federation sync.

To move peers of bd into the configuration, list and take them over, one by one:

    dolt-federation list-peers --unregistered
    dolt-federation add-peer --from-remote hub
    dolt-federation add-peer upstream --from-remote origin

The list has the Dolt remotes of the database and the rows of federation_peers,
also uncommitted ones unless a server holds the database. Peers at a configured
address are left out. A new peer gets the address, the user, a stricter tier and
the git ref from there. Options on the command line win. bd keeps passwords
encrypted in password_encrypted, which is never read: put the password into the
credentials. An address with a password in it is shown without it, and is not
taken over. The remote of bd stays in the database until you remove it with bd
dolt remote remove hub.

Tested in commands/database-peers.

  Success, or nothing to do
      bd sync: 0
      bd federation sync: 0
      dolt-federation sync: 0
  Conflict for a person
      bd sync: 2
      bd federation sync: 0
      dolt-federation sync: 4
  Some peers failed
      bd federation sync: 0
      dolt-federation sync: 3
  Every peer failed
      bd sync: 1
      bd federation sync: 0
      dolt-federation sync: 1
  The retries are used up
      bd sync: 3
      dolt-federation sync: 1 or 3, by peers
  Invalid usage or configuration
      bd sync: 1
      bd federation sync: 1
      dolt-federation sync: 2
  The JSONL file was not written
      dolt-federation sync: 3
`,
  merging: `MERGING

If several databases changed the data since the last sync, a run merges their
heads. This page says who wins, why, and what only a person can decide. The
rules have a version: merge protocol 2. It is in the message of every merge
commit, and in merge.protocol of the result. The second line of the message
names the engine, because Dolt's own merge changes between versions:

    federation merge v2
    engine: dolt 2.3

Merges under protocol 1 (federation merge v1) stay valid. If a peer has merges
that we lack, made by another protocol or another Dolt, sync and status report
the notice protocol. Contents still converge, but hashes may differ.

STRATEGIES

conflict.strategy (BD_CONFLICT_STRATEGY, --conflict-strategy, input
conflict-strategy) applies to the run. The conflict of a peer applies to that
peer and overrides all of these.

  newest
      A cell that both sides changed: the side that wrote it last
      Deleted here, changed there: the change survives
      Added on both sides: the row created first, whole; status conflict
  ours
      A cell that both sides changed: our value
      Deleted here, changed there: as we have it
      Added on both sides: our row, whole
  theirs
      A cell that both sides changed: the peer's value
      Deleted here, changed there: as the peer has it
      Added on both sides: the peer's row, whole
  manual
      A cell that both sides changed: nothing is merged from that peer; its rows
      are reported for you to resolve

A strategy decides only the merges that its own database makes. If your database
says manual and another one says newest, the first of them that sees both
versions decides:

- Your database sees them first: nothing is merged from that peer or pushed to
  it (exit code 4) until you run resolve.
- The other database sees them first, because you pushed before it did: it
  merges under newest. Your next run takes that merge over. It lists your rows
  that lost as merged by another database, with the warning merged-elsewhere.

To be asked in every case, set manual in every database of the federation.

Cells that only one side changed are merged under every strategy, and so are
rows that only one side changed. A cell that was changed and changed back counts
as unchanged. If both sides gave a column of numbers or dates another type, a
value that is only printed in another way (1.50, 1.5000) counts as unchanged. So
does the default of a column that both sides added alike, if it is a literal or
NULL: the value of a side that wrote the column wins, whenever the other one
added it.

SEVERAL MERGE BASES

If two databases merged the same two commits apart from each other, their heads
have two merge bases. Dolt takes one of them, so that a change made since then
could be taken back without a conflict. Therefore the base of each row is the
merge of all bases (ADR 18), made with the merge of their own merge bases, and
so on. A row that only one side changed since keeps that change under every
strategy. A row that both changed is in conflict. Where the bases disagree about
a cell, it has no base, and two different values are a conflict. JSON documents
of the bases are merged key by key.

The peer waits with dolt-defect if one of these depends on the base that Dolt
took:

- a table, a part of its definition, a row without a primary key, or a row of a
  table of Dolt (such as dolt_docs)
- a row about which three or more bases disagree, if any two of them have other
  bases, which disagree too
- under newest, a JSON document that both sides changed, if the bases gave one
  of its keys different values
- the former values of a row for a unique key, a foreign key or a renamed key,
  if several bases changed them

The rows that differ between the heads and between the bases are compared; at
most about a million keys of one table can be.

WHEN A CELL WAS WRITTEN

Under newest the last writer of each cell wins. Merge commits repeat what others
wrote and do not count. The current updated_at of the row cannot decide: an
unrelated edit raises it, and the winner would depend on the order of merges.

- **Effective date of a commit**: the later of its committer date and the
  effective dates of its parents, counted from the merge base on, or from all of
  them. A backdated commit counts as old as its parents, and never as older than
  the merge base.
- **Time of a cell**: the effective date of the commit that gave the cell its
  value, or the time in the row at that commit if it is earlier. The time in the
  row is updated_at or modified_at: the smallest value that is not NULL. A time
  after the commit has no effect, in any column.
- **Time of creation** of an added row: the effective date of the first commit
  that has it. created_at counts if it is neither before the merge base nor
  after that commit.

Times are compared in microseconds and read as UTC. Only DATE, DATETIME and
TIMESTAMP columns are times. Their names are compared without case. A value that
is not a date, such as 0000-00-00, counts as NULL. A VIRTUAL column does not
count.

At equal times the greater value wins. NULL is the smallest value, numbers are
compared by value, everything else by the bytes of its text. Collations do not
decide a winner, because two databases may define them differently.

Collations do decide which cells have changed, because Dolt 2.3.0 compares
values with them. Under a collation such as utf8mb4_0900_ai_ci, the default of
MySQL 8, title and Title are one value, and so are resume and résumé. Dolt has
no change there: not in an UPDATE, not in a diff and not in a merge. A merge
keeps one of the spellings under every strategy, also in a key, and does not
report the other one. A row whose only change is its spelling stays deleted if
the other side deletes it. If the spelling matters, give the column a collation
that ends in _bin, on both sides.

The commits since the merge base are searched for cells in conflict only, so a
merge without conflicts has no such cost. If these commits are a line,
dolt_diff_<table> finds them by the key of the row: about 12 ms a row over 2,000
commits. If there are merges among them, it shows one side of each merge only
(Dolt 2.3.0). Then every commit is compared with its parent. That cost grows
with the number of commits since the base, not with the number of rows.

JSON DOCUMENTS

Under newest a JSON column is merged key by key if the base and both sides hold
objects. Each key is a cell.

- A key that is an object in all three versions is merged key by key in turn. So
  is one that both sides added as an object.
- A key that one side changed is taken from that side. A key removed on one side
  and changed on the other stays.
- Of two values the later one wins, by the history of that key. At equal times
  the greater text wins.
- JSON null is a value. Arrays and scalars are taken whole. So is a document
  that is not an object in one of the versions.

The report lists every key that both sides changed under paths, with its path
($.address."postal code"), the three values as JSON text, and the winner. A
document is one cell if it is larger than 1 MB, nested deeper than 32 levels, or
holds a number that Dolt would round. ours and theirs take the document of that
side.

Dolt merges documents key by key as well, and lists a row only where it finds a
conflict. Dolt 2.3.0 merges some of them wrongly:

- Beside a key "" it overlooks conflicts, and one side loses changes.
- If one side removed two or more elements of an array, some come back as soon
  as the other side changed another key. The first element of an empty array is
  lost in the same way.
- Below a key with a backslash or a control character it loses changes or writes
  text that is not JSON.

Therefore every document that both sides changed is compared with the rules
above before the commit, under every strategy. If no key is in conflict, the
document becomes what the rules say. Otherwise its row is in conflict like any
other, and manual and resolve ask for it. Documents that only one side changed
are not compared. If a table has triggers and one of its documents has to be
corrected, the peer waits (constraint-violation). A few documents stop every
merge of Dolt 2.3.0, such as some with a backslash or a quote in a key. The peer
waits (dolt-defect) until both sides have the same document.

ROWS

- **Deleted on one side, changed on the other.** The row comes back whole, as
  the side that changed it has it. Related rows come back with it: the rows that
  referred to it in the merge base (from the surviving side, if it has them),
  the rows that it refers to, and so on. All of them are listed as restored. A
  reference that the deletion itself set to NULL (ON DELETE SET NULL) stays
  NULL: that is a change of the other row. This holds under newest. Under ours
  or theirs, and in resolve, only the row itself comes back; if it refers to a
  row that is gone, the merge is refused. It is also refused
  (constraint-violation) if the only side with that row has another name for its
  table or key.
- **Added on both sides** with different contents is an id-collision: two things
  under one key. They are never mixed. The row that was created first stays (at
  equal times, the greater row). The other is lost: it is in the report and in
  the conflicts file, and the status of the run is conflict. See Lost rows.
- **Rows that belong to a lost row** are removed with it as dependant: every row
  that the same side added and that leads to the lost row over declared foreign
  keys, over several steps, by any one of its keys. - Rows that both sides added
  with equal contents stay, and belong to the row that has the key. They are
  listed as dependant of the lost row too, whose side has lost them as well. A
  row that one side added to such a row stays and is listed as reference. - If
  the other side used the key of a dependant too, the row of the other side has
  that key, whichever was created first. - Rows of the merge base stay and are
  listed as reference. They refer to the row that has the key now. If no row has
  it, they refer to the row of the base again. If the reference is a generated
  column, this applies to the columns that it is computed from. - If the other
  side renamed the key of such rows, the merge is refused with
  constraint-violation. - Tables without declared foreign keys are not followed.
  Rows of a table without a primary key stay and are listed as reference.
- **Renamed keys.** One side deletes a row and adds one with equal contents
  under another key. The other side changes the old row, or adds a row that
  refers to it. Both rows are kept, reported as renamed with both keys, and left
  for a person to decide. Contents are equal if all columns outside the key are
  equal, apart from created_at, created_by, updated_at, updated_by, applied_at
  and, in issues of beads, source_system. If both rows have one value of a
  unique key, the row with the new key is removed as duplicate instead, and left
  for a person to decide. Tables in which one side adds or deletes more than
  20,000 rows, and tables with a column commit or commit_date, are not compared.
- **Audit columns.** created_at, created_by, updated_at, updated_by and
  applied_at only say who wrote a row and when. Two added rows that differ in
  nothing else are one row, and no conflict. created_at and created_by come from
  the row with the smaller created_at, applied_at is the smaller one, updated_at
  and updated_by come from the row with the greater updated_at. NULL and values
  that are not a date never win. The report says audit. This does not apply to
  columns in a unique key, nor to a table with no other columns besides its key,
  such as lock(name, created_by).
- **A row whose parent the other side deleted** brings the parent back under
  newest.
- **Beads.** The tables of a beads database have rules of their own.

BEADS

A database is one of beads if it has issues, dependencies, labels, and one of
events, child_counters and issue_counter. A clone by Dolt has no events. Under
newest, its tables follow these rules:

  issues
      Columns: status, closed_at, close_reason, closed_by_session
      Rule: one cell as soon as both sides changed one of them: all four come
      from the side that wrote any of them last. At equal times the first column
      that differs decides, in this order
  issues
      Columns: notes
      Rule: if both sides appended lines, both parts are kept, the later one
      last. Otherwise the later text, and a person has to confirm it
  issues
      Columns: metadata
      Rule: merged by key. If both sides set one key, the later value, and a
      person has to confirm it
  issues
      Columns: updated_at
      Rule: the greater value
  issues
      Columns: row_lock
      Rule: a row with cells of both sides gets a new lock, which every database
      computes from the row and the locks of both sides. A row that equals one
      side has the lock of that side
  issues
      Columns: is_blocked
      Rule: computed from the merged rows, see below
  config
      Rule: rows are taken whole. A person has to confirm a setting that both
      sides wrote, unless its key begins with kv.memory.
  metadata
      Rule: rows are taken whole, the later one. One history holds one clone_id
      and one repo_id
  child_counters, issue_counter
      Columns: last_child, last_id
      Rule: the greater value
  schema_migrations, labels, custom_statuses, custom_types
      Rule: rows that differ in audit columns only are one, although these
      tables have few other columns. So are migrations of which one lacks its
      content_hash
  federation_peers
      Columns: last_sync
      Rule: the greater value; not a difference

row_lock and is_blocked are never conflicts, also under manual, and a report
shows them only among the columns of an issue that one side deleted and the
other changed. An issue that one side deleted stays deleted if the other side
changed nothing else of it.

A value that a person has to confirm is in the merge, and the status of the run
is conflict. The report lists its columns apart, with left. The value that lost
is under lost with the kind changed: restore sets it. For metadata, which holds
keys of both sides, restore-as sets the document.

**is_blocked.** Every merge commit computes it again, because one side may close
a blocker while the other adds the edge. An issue that is neither closed nor
pinned is blocked in these cases:

- It depends with blocks or conditional-blocks on an issue that is neither
  closed nor pinned.
- Its parent (parent-child) is blocked.
- It waits (waits-for) for an issue with a child that is neither closed nor
  pinned. With gate: any-children, a closed child ends the wait. With
  also_blocks, the issue itself blocks too.

Wisps exist in one clone only. So issues that a wisp can block keep their merged
value: issues that depend on a wisp, and all issues below them. A fast-forward
computes nothing. No time of a row changes.

UNIQUE KEYS

After the cells are merged, two rows may have the same value of a unique key.
The rule is the same under every strategy but manual, which leaves such rows for
you. It covers all rows, also those that Dolt does not report, and compares
values as the index does: by collation, over the bytes of prefixes and over
generated columns. A NULL equals nothing. Under a collation that ignores case,
prefixes with characters outside of ASCII count only if their bytes are equal;
of others the peer waits (constraint-violation).

In each group of rows with the same value, one row keeps it, in this order:

1. a row of the last common commit that still has its value;
2. a row of the last common commit that took the value, the earliest claim
   first. The claim of several columns is one cell;
3. a row added since, the one created first.

Among equals the smaller primary key decides. All other rows of the group yield:

- A row of the last common commit gets its former values in the columns of that
  key, and is reported as unique-conflict with status conflict. **Such a row is
  never removed to satisfy a unique key.** A row that took the former value
  yields in the next round, and so on. Two lists that were reordered on both
  sides therefore merge to one list with every row.
- An added row is removed and reported as duplicate. Rows that were added with
  it and refer to it are removed too (dependant). Both are listed under lost in
  the conflicts file, with status conflict.
- An added row with the same contents as the row that stays, such as an edge
  that both sides added, is a duplicate that needs no decision. Audit columns do
  not count (created_at, created_by, updated_at, updated_by, applied_at), nor
  does a primary key that is a UUID, a CHAR(36) or AUTO_INCREMENT.

The merge is refused with constraint-violation in these cases:

- two rows have had the value since the last common commit;
- a row would have to yield twice in one key;
- the last common commit lacks the key, because one side or both added it since;
- one side renamed a column of the primary key since;
- a table with triggers would be written.

A duplicate in an index over an expression is refused with dolt-defect, because
Dolt 2.3.0 cannot clear it after it is resolved.

SCHEMA

Dolt merges table definitions. A run checks the result of every merge, also of
one without conflicts. The CREATE TABLEs of the last common commit, of both
sides and of the result are split into columns, primary key, indexes, checks,
foreign keys and options. Each of them must follow from the changes: it comes
from the side that changed it, or both sides changed it equally. Views,
triggers, events and procedures are compared in the same way. Anything else is
schema-conflict, which names the item and its versions. The counter of
AUTO_INCREMENT is not part of a definition.

CALL DOLT_UPDATE_COLUMN_TAG drops every index and check of its table (Dolt
2.3.0). A side that lost some in this way is refused with schema-conflict until
they are created again.

The hint of schema-conflict names the fix for the tables in question, with the
statement of a column that both sides changed. Defaults and comments are not in
it. Equal definitions on both sides are enough, except in these cases, in which
Dolt treats a table or a column as a different one:

  changed the primary key, or the type of a column in it
      The other side: changed the table, or its key equally
      Fix: give the table its former key again, with the former types, on each
      side that changed it, sync, then change the key
  renamed the table
      The other side: changed it
      Fix: rename it back, sync, then rename it
  renamed or dropped the table, and gave its name to one with another key
      The other side: changed the table
      Fix: rename the new one, rename the former one back or restore it with
      dolt checkout <commit> -- <table>, sync, then repeat the change
  dropped the table
      The other side: changed it
      Fix: drop it on the other side, too, or restore it with dolt checkout
      <commit> -- <table>
  dropped a column
      The other side: changed the column
      Fix: drop it on the other side, too, or take back the commit with dolt
      revert
  dropped a column and added it again
      The other side: changed the column
      Fix: drop it on both sides, sync, then add it
  renamed a column
      The other side: changed it, or renamed it differently
      Fix: rename it back, sync, then rename it
  added a column
      The other side: added one of another type, or an equal one in another way,
      such as by a rename
      Fix: drop it on one side

The default of a new column may call CURRENT_TIMESTAMP, UUID(), RAND() or
another function that returns a new value each time. Such a column cannot be
merged with rows that the other side added without it, because each machine
would compute other values. That is not-deterministic. Run the same ALTER TABLE
on the side that lacks the column, commit and sync. The rows that both sides
have are then ordinary conflicts. A column that was renamed counts as dropped
and added.

WHAT NO STRATEGY RESOLVES

The merge of that peer is undone as a whole, and the others go on:

  schema-conflict
      the definitions of a table on both sides cannot be merged, or the merged
      one does not follow from both
  not-deterministic
      a computed default of a new column, and rows of the other side that lack
      it
  constraint-violation
      a broken check; a NOT NULL column of one side that lacks a value in rows
      of the other; a head whose own rows break one of these or a unique key, or
      which stores conflicts or violations; a missing parent that cannot come
      back; unique keys that cannot be resolved, such as in a table without a
      primary key; rows that could only be resolved by firing a trigger
  conflict
      rows of a table without a primary key; views, procedures, dolt_docs or
      dolt_ignore changed on both sides; anything under manual
  dolt-defect
      tables that Dolt 2.3.0 cannot merge, or whose conflicts cannot be read:
      see Columns that Dolt shows wrongly
  unrelated
      no common history

ORDER, AND WHAT MAKES IT DETERMINISTIC

1. Our head and the heads of all newest peers are merged one after the other, in
   the order of their hashes.
2. Then come the peers with ours, theirs or manual, in the order of their names.
   There, ours is the result so far.

A head that is refused is left out with every head that contains it. Only a head
under ours, theirs or manual that contains it is still merged if nothing is left
to decide, as after a decision on the other side. Our own head is never left
out, nor a result of this run that a peer has taken. If several heads of peers
take part in a merge that fails, those that do not merge with ours alone are
left out. If each does, a small group that fails together is found. The last of
the group in the order of the hashes is left out, and it comes back if one of
the others is left out later.

Each merge commit is a function of its two parents: author and committer
dolt-federation <merge@dolt-federation.invalid>, both dates the later committer
date of the parents, a fixed message, a session in UTC. So two databases that
see the same heads make the same commit, at any time, in any order, under any
name. Then there is nothing more to merge.

That applies to step 1. Merges of step 2 depend on the configuration of the
database, and the result says so: merge.deterministic is false, merge.because is
strategy. A Dolt without the variables that fix the committer reports committer,
once. Databases that run one after the other still get equal contents. Under
ours or theirs, two that run at the same moment each time do not: both keep
their own values, or exchange them.

Two heads are **equivalent** if their contents are equal and their histories
differ by federation merges only. If a peer is only read, an equivalent head is
not merged and its state is up-to-date. Otherwise databases that read each other
would merge merges for ever.

HOW ROWS ARE RESOLVED

Every merge takes the same steps, also one without conflicts:

1. Check the definitions.
2. Resolve the rows in conflict. dolt_conflicts_<table> is written in bulk, if
   Dolt shows it correctly. That changes the row without firing a trigger and
   without an ON UPDATE, and no value passes through the client. Stored
   generated columns are computed again, because Dolt keeps the old value there
   (2.3.0).
3. Resolve unique keys and foreign keys until nothing changes. If the value of a
   unique key changes, the decided rows wait in a temporary table of the session
   until all unique keys are resolved. Otherwise Dolt refuses a value that
   another row still has. These rows, restored rows and removed rows need an
   INSERT or a DELETE. Both are refused for a table with triggers, because they
   may come from a peer.
4. Verify all constraints of every row in tables that differ from both sides. A
   row without its parent does not count if one side already has it like that.
5. Build FULLTEXT indexes again, because Dolt 2.3.0 loses the words of one side.
   That takes about a minute for 30,000 rows of 20 words. If all tables with
   such an index are as one side has them, the index of that side is taken.
6. Make one commit.

The merge is made on a temporary branch. A refused merge leaves no trace.

COLUMNS THAT DOLT SHOWS WRONGLY

Dolt's system tables put columns of their own beside the columns of a table.
Some definitions make these tables unreadable (Dolt 2.3.0, measured). A run
reads such tables in another way, or refuses the merge with dolt-defect before
it resolves anything.

  A functional index or a VIRTUAL column, in the base or on either side
      What Dolt does: The values of dolt_conflicts_<table> are not under their
      columns
      What a run does: It compares the rows at the three commits, and rewrites
      the resolved ones
  The same, and rows that break a constraint
      What Dolt does: Dolt does not name the constraint, and removes no
      violation
      What a run does: dolt-defect
  No primary key, and a VIRTUAL column or a functional index that is older than
  another column
      What Dolt does: It ends the server where it lists rows that differ
      What a run does: dolt-defect for a peer that changed such a table: no such
      statement is sent
  The same, before a column of a foreign key, and rows that one side changed
      What Dolt does: A merge or a verification ends the engine
      What a run does: dolt-defect before it begins
  A column named diff_type
      What Dolt does: our_diff_type and their_diff_type exist twice
      What a run does: It compares the rows at the three commits
  A column named commit or commit_date
      What Dolt does: to_commit, from_commit and their dates exist twice in the
      differences
      What a run does: It reads the differences by position, commit by commit. A
      blocked change shows the number of rows, not their keys, if the key has
      such a name
  No primary key, and one of the above or a column cardinality
      What Dolt does: Two rows cannot be distinguished
      What a run does: dolt-defect
  A column that one side added, with a row deleted on one side and changed on
  the other
      What Dolt does: The other side has no value for it
      What a run does: The row survives with the default of the column, or NULL
  A BINARY or VARBINARY column with a literal default that one side added, and
  rows that the other side added
      What Dolt does: The text of the default (0x6162) as the value, or an error
      What a run does: dolt-defect before the merge, until the other side has
      the column, too
  A column that one side dropped
      What Dolt does: Changes of the other side to that column have no place
      What a run does: The column stays dropped
  A table that both sides renamed since the base, with other rows or under two
  names
      What Dolt does: It takes its rows for added on both sides, so that deleted
      rows return
      What a run does: dolt-defect before the merge. Tables that are equal on
      both sides merge. The same holds if a table with other columns has the old
      name since
  A column renamed since the base, and rows that both sides changed
      What Dolt does: The values of one side are under the old name
      What a run does: dolt-defect; a rename without such rows merges
  A column that one side renamed and gave another type, and values that the
  other side wrote into it
      What Dolt does: It takes the column for a dropped and a new one, and the
      values are lost
      What a run does: dolt-defect before the merge. Such a column is in the
      same place, and most of its values are equal
  A column dropped by the second head, in hash order, that comes before the
  primary key
      What Dolt does: The merged table gets another primary key, or the engine
      ends
      What a run does: dolt-defect; a table that the other side left unchanged
      merges, and a fast-forward is possible
  The same, beside a FULLTEXT index, if another table has to be verified
      What Dolt does: The engine ends
      What a run does: dolt-defect
  A column added or dropped before one of another type, and a row deleted on one
  side and changed on the other
      What Dolt does: A panic, or it compares values as another type and loses
      the change
      What a run does: dolt-defect before the merge
  A VIRTUAL column that comes before a stored one, and rows that the second
  head, in hash order, changed
      What Dolt does: Sometimes a panic
      What a run does: dolt-defect after a panic
  The same, or a functional index that is older than a stored column, and the
  same row changed on both sides
      What Dolt does: It merges cells by the type of another column, and loses
      conflicts
      What a run does: dolt-defect before the merge; other rows merge, and a
      fast-forward is possible
  Another primary key at the second head, in hash order
      What Dolt does: It cannot find the old key
      What a run does: dolt-defect, or schema-conflict if the other side changed
      the table
  A STORED column without any index, unique key or check
      What Dolt does: A panic
      What a run does: dolt-defect
  A STORED column in the primary key
      What Dolt does: –
      What a run does: It merges the rows like others. A lost row whose key is
      taken cannot be restored by resolve: its key is computed
  A STORED column, and a column that a side adds
      What Dolt does: Values are lost or get into another column
      What a run does: It compares every cell after the merge, and corrects the
      rows; dolt-defect if a cell is still wrong
  A changed definition, and a JSON column that is NULL
      What Dolt does: The document null
      What a run does: It corrects the rows
  An ENUM to which both sides gave another type or other values
      What Dolt does: It takes the numbers of the former values for the new
      ones. One side loses changes, and deleted rows are in conflict
      What a run does: It compares the texts, and corrects the rows. Deleted
      rows stay deleted
  A column named __proto__ or like another private name of JavaScript objects
      What Dolt does: –
      What a run does: dolt-defect

Names count in any case: Diff_Type is diff_type. Rewriting deletes rows and
inserts them again, which would fire triggers; a table with triggers is refused
with constraint-violation where rows would have to be rewritten.

IN THE REPORT

Every row is listed under the peer it was merged with:

- kind, table, key, the columns in conflict, and both heads;
- base, ours and theirs, from the point of view of the local database. If the
  other value is not our own, between names the peers that have it;
- who won and why, and whether the row is left for a person;
- lost: the commit that has a version that the merge lacks, and the statement
  that restores it;
- elsewhere: true for a merge that another database made.

Resolved rows are not a conflict for status and exit code. report-values decides
how much of the data is shown. Values that look like secrets are never shown.

RESOLVING BY HAND

The conflicts file holds the rows that manual left, and every other conflict
with rows to choose from. Its path is conflictsPath of the result, and the
output conflicts-path of the Action. It holds all values, regardless of
report-values, so only its owner may read it. On the command line it is
<database>/.dolt/dolt-federation/conflicts.yaml, a place that git, Dolt and
beads leave alone, or in the copy of a served database whose folder belongs to
another user. In the Action it is under RUNNER_TEMP and is deleted with the job,
unless a step keeps it:

          - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
            if: always() && steps.sync.outputs.conflicts-path != ''
            with:
              name: conflicts
              path: \${{ steps.sync.outputs.conflicts-path }}

Everyone who may read the artifacts of the repository can then read the values.
There is no resolve in the Action. Download the file and resolve in a clone of
the database.

    merges:
      - peer: partner
        ours: l4r9h6js1gcg0vt17k6hmdbvdlfcfd2v
        theirs: "40ac0t98ulh13313p2cmps6cheu5bgs7"
        rows:
          - table: issues
            key:
              id: bd-1
            kind: changed
            choose:
            cells:
              title:
                base: Fix the gate
                ours: Fix the north gate
                theirs: Mend the gate
                choose: {value: "Mend the north gate"}

Write your choice after choose:. It is ours, theirs or base; for a row also
delete; for a cell also a value: {value: "text"}, {value: null} for NULL,
{value: 0x00ff} for bytes. A choice for a row applies to all of its cells in
conflict. Cells that only one side changed are merged in any case. A value is
compared with what Dolt stores: all digits of a number count, also in JSON. A
date and a time may have other forms of the same value, such as 2026-1-2 or
2026-01-02T03:04:05Z. The choices depend on the kind:

  changed
      For the row: ours, theirs, base, delete
      For a cell: ours, theirs, base, a value
  deleted (see deleted-by)
      For the row: ours, theirs, base, delete
      For a cell: –
  id-collision
      For the row: ours, theirs, delete
      For a cell: ours, theirs, a value
  duplicate: two rows under one unique key (manual)
      For the row: ours or theirs stays
      For a cell: –
  keyless: all rows in conflict of a table without a primary key
      For the row: ours, theirs
      For a cell: –

dolt-federation resolve --file F makes the merges of the file with these choices
and moves the branch once. It contacts no peer: the run that wrote the file has
fetched the heads, and the next sync publishes the result. It refuses these
cases, and then moves nothing:

- conflicts-undecided: rows or cells without a choice. The error lists them.
- conflicts-file-invalid, with the line: an unknown table, key or column, an
  invalid choice, a value that the column cannot hold unchanged, or anything
  else in the file that differs from the database.
- conflicts-stale: our head, or the head fetched from the peer, is not the one
  in the file, or the peer is a backup or an archive now. sync writes the file
  for the current heads and keeps the choices for unchanged rows. It leaves out
  peers whose history was rewritten, and heads that --force-with-lease
  discarded.
- uncommitted-changes, constraint-violation (the chosen rows break a
  constraint), and everything that would block the peer in a run.

If a running server holds the database, resolve works through it.

A file may hold several peers. They are merged in the order of the file, each
onto the result so far. If the choices for one peer change the conflicts with
the next, resolve them one at a time. Remove an entry under merges to leave that
peer for later.

On a terminal, resolve without --file asks row by row, like git add --patch. It
shows the whole row, who changed it on each side and when, and for a table
without a primary key the equal rows with their counts. ? explains the letters,
O and T choose one side for all later rows of the peer, and u takes the last
answer back. q stops with exit code 0: the file keeps every answer, nothing is
merged, and the next resolve continues. Each answer is written at once, so
Ctrl-C and a closed terminal lose none. After kill -9 at a question, stty sane
makes the terminal usable again. When every row of the merges is decided,
resolve prints what it will do and asks for confirmation. resolve --yes does not
ask: it takes the choices in the file of the database. With --yes or --file it
says what it does before it begins.

The merge is made in the order of the hashes and signed like every other. So two
databases that make the same choice, ours in one and theirs in the other, make
the same commit at any time.

LOST ROWS

Under lost the conflicts file has rows of completed merges. Each entry has the
peer, the kind, the table, the key, the whole row, head (a commit that has the
row as shown) and, if a statement helps, sql:

    lost:
      - peer: partner
        kind: id-collision
        table: issues
        key:
          id: e.1
        head: l4r9h6js1gcg0vt17k6hmdbvdlfcfd2v
        row:
          id: e.1
          title: Mend the gate
        sql: "INSERT INTO \`issues\` (\`id\`, \`title\`) SELECT 'e.1-2', \`title\` FROM \`issues\` AS OF 'l4r9…' WHERE \`id\` = 'e.1'"
        choose:

resolve asks about these rows too. In the file, write after choose:

- restore to do what sql says, in one commit for all rows. resolve computes the
  statement again and never runs the text in the file;
- {restore-as: {id: "e.9"}} to set columns to values of your own;
- drop to leave the merge unchanged;
- nothing to decide later. A dependant without a choice follows the row that
  with names. If you restore it and drop that row, it keeps its reference: it
  then belongs to the row that has the key now.

  id-collision
      Where the row is: only in head: another row has its key
      What sql does: adds it under a key that is free
  dependant
      Where the row is: only in head: it was removed with the row that with
      names. Or both sides had it, and it stays with the row that has the key
      What sql does: adds it, referring to the new key of the row that with
      names; under a key that is free, if its own is not
  duplicate
      Where the row is: only in head: another row has its unique value
      What sql does: adds it with another unique value
  unique-conflict
      Where the row is: in the database, with its former unique value
      What sql does: gives it another unique value
  reference
      Where the row is: in the database; it refers to the row that has the key
      now, or to its former row
      What sql does: makes it refer to the lost row again
  renamed
      Where the row is: in the database, under key and other-key
      What sql does: copies the change to the row with the new key
  changed
      Where the row is: in the database, with the later value (beads)
      What sql does: sets the value that lost

A child in beads, such as bd-a.2, gets the next free number below its parent,
and the counter of the parent is raised. If its parent is restored too, it
follows: bd-a.2.1 becomes bd-a.3.1. A child whose id was free stays in the
database under that id; only its edge is restored. is_blocked is computed again.
Edges and comments get the id that bd makes of their new contents, if it made
the old one. A dependant that belongs to two lost rows follows one of them
without a choice of its own: if you restore one and drop the other, look at
their edges. Rows come after the rows that they refer to, so you can also run
the statements yourself, from top to bottom. The suggested keys and values were
unused in the database at the time of the run. They fit the types of their
columns: beside a key at the end of its type, the next gap is suggested. A row
without sql has no free value, or needs one of yours. That is so if its key, its
unique value or its reference is a generated column, or if a new value would
refer to another row. restore is refused for such a row: write drop or
restore-as. The parents of a merge are part of its history, so head stays
readable as long as the branch does. resolve removes the entries that it
restores or drops; all others stay. A row that already has the chosen values is
not counted as restored; the result has the number of such rows as alreadyThere.
The message of its commit names the restored rows. resolve restores none of them
again: it refuses with conflicts-stale.

The run that makes or first receives a merge exits with 4. Later runs exit with
0 and report open: the number of undecided rows in the file. In the Action the
file is deleted with the job unless a step keeps it. The job summary therefore
lists for each lost row the table, the commit, and, if report-values allows
keys, the key and the statement.

The next run on the branch without unresolved rows removes the file. If the file
is for another branch, a run that has rows for it renames it to
conflicts-<digest>.yaml, reports that, and writes its own. The next run on that
branch goes on with it; until then, decide with resolve --file. A lost row is
restored on a branch only if that branch contains its head.

Rows of a merge are found by one run only. If it is interrupted or killed after
it moved the branch and before it wrote the file, the next run repeats its
merges, reports their lost rows and exits with 4.
.dolt/dolt-federation-unreported.json has the head from before.

Peers that a run did not reach stay in the file. An unreadable file is renamed
to conflicts.yaml.unreadable, or -2 and so on if that exists. If another process
changes the file while resolve asks, the answers go to conflicts.yaml.mine.
Files of versions 1 and 2 are read as well.

THE SIDE THAT LOST

A merge is a function of its parents, so a run can repeat the merge of another
database to report it. It does so if our branch moves over a merge commit of
another database, and one parent of that commit contains our old head or is
contained in it. The merge is repeated on a temporary branch. The report then
lists the rows where our side lost, and all lost rows. They have elsewhere: true
and are in the conflicts file. This one run exits with 4 if any of them still
needs a decision. A row of the kind unique-conflict, reference, renamed,
duplicate or dependant that was corrected since the merge needs none. Rows of
other kinds, such as id-collision and keyless, always count as undecided. Both
sides therefore see a lost row, whichever of them merged.

- At most 20 merges are repeated, the newest first, within a minute. The notice
  merges-unread counts the rest.
- A merge that was made with ours or theirs, by hand, or by another version of
  dolt-federation or Dolt gives another commit when it is repeated. Only the
  notice protocol reports it.
`,
  'rewritten-histories': `REWRITTEN HISTORIES

DOLT_SQUASH_HISTORY, bd flatten, a soft reset with a new commit, --amend on a
published commit and a forced push all replace commits that others already have.
A merge with the old history would bring back every row and every value that was
removed with these commits. Such a peer has the state rewritten and the error
history-rewritten. It is neither merged nor pushed to, and the exit code is 4.
All other peers go on.

HOW IT IS RECOGNISED

The file .dolt/dolt-federation.json holds, for each peer, the last head H that
both sides contained. The entry belongs to the first commit of our history, the
endpoint with its git ref, the branch there and our branch. It is written only
after our own branch contains H. A run through a running server uses the same
file, so it does not matter whether the server runs.

  The peer's head no longer contains H
      rewritten, side theirs
  Our head no longer contains H, the peer's does
      rewritten, side ours
  Neither contains H, and both diverged before it
      rewritten, side both
  The peer has a commit that our branch abandoned for another history, the old
  head or an older one
      rewritten, side ours, for peers never met before, too, and in every later
      run
  The peer has a commit that --force-with-lease discarded at another peer, the
  named head or an older one that our branch lacks
      The same, in that run and later ones, also for a commit that was never
      ours. --merge-rewritten takes it back, once and for all
  The peer has a commit that an ended run pushed for another peer, and that
  other peer took it back before our branch had it
      The same. The peer that took it back is merged as usual
  The peer took such a commit back after our branch got it
      rewritten, side theirs
  A backup or archive is at an older commit of ours
      ahead: a restored backup is not a rewrite
  The peer is empty now, or lacks the branch
      remote-empty or branch-missing with a warning that names H. It is pushed
      to only if init-empty is true. An upstream fails, and so does any peer in
      a run that only pulls

The file also holds the heads that our branch abandoned, the last 1,000 of them.
A recorded head H is added if our branch no longer contains it and the entry
gets another one: after a reset, a squash or a rebase by hand, too. --adopt adds
our old head before our branch moves, and --force-with-lease the named head
before the push, so that a kill forgets neither. A head that our branch contains
has no effect.

A run pushes before it moves our branch and before it records the heads of its
peers. It can end in between: it is killed or interrupted, an answer is lost, or
our branch cannot move. So it records what it will push before the first push:
our head, and the heads of peers that it merged and our branch lacks. Our head
counts as abandoned if our branch no longer contains it when a later run starts.
A head of a peer counts until a later run finds it in both branches, or finds
that the peer took it back. Neither has an effect on a peer that does not have
the commit, so a push that never arrived refuses no peer.

Without an entry, the tracking ref of the remote is read once, if our branch
contains its head, and written to the file. status and --dry-run also write it
if their fetch moves the ref, because that head is then recorded nowhere else.
On a runner that cloned the database, the Actions cache is read first, and the
result has memory: restored for the peer. Without a tracking ref too, the result
has memory: none for the peer, and a rewrite is only suspected. The side is then
suspected, and both of these hold:

- The merge base has none of the tables that both sides have.
- In one of these tables both sides have an equal row: the same primary key and
  equal columns. The tables schema_migrations, config and metadata do not count,
  nor do tables without a primary key.

Two databases that ran the same schema on one first commit, without equal rows,
are merged as usual.

Limits:

- Without an entry, a rewrite above a base that has tables cannot be recognised.
- A database that is cloned on a fresh runner has no entries without the Actions
  cache (cache: false, an Enterprise Server, an entry that GitHub deleted). Then
  only the rule without an entry applies.
- If a run could not store its heads, a fresh runner knows those of an earlier
  run.
- If the source of a clone took back a commit, a fresh runner does not know it:
  another run may have pushed that commit after the clone. A peer that still has
  it is merged.
- If a run on a runner is killed, the next runner does not know the heads that
  it recorded before a push, --adopt or --force-with-lease.
- A run that cannot write the file pushes all the same, and reports
  memory-unusable at its end. If it is killed before, these heads are not known.
- The heads of deliveries to our inboxes are not recorded.
- If a forced push fails, the named head stays recorded: the peer is rewritten
  until you force it again or merge it with --merge-rewritten.
- Of an abandoned head that is no longer in the database, only the hash is
  known: on a fresh runner, or after dolt gc without the tags below. A peer with
  only older commits of its history is then merged.
- An entry is for one place: the endpoint with its git ref, the ssh user, and
  for cloud storage the region and the profile, even if they come from
  AWS_REGION and AWS_PROFILE, and the addresses of services. If one of them
  changes, the peer is new to the run.
- Of several last common commits, as after merges in both directions, one is
  recorded. A peer that takes back another one is merged.
- If table definitions differ, the first 200 rows of a table are compared.
- Runs through a server and runs without it may not know the heads of each other
  if the server is on another machine, if the folder of the database is not
  found or has another real path, as in a container, if it belongs to another
  user or may not be written to, or if federation.server.database has changed.
  Then the heads are recorded in the scratch copy, which other runs of the same
  user also read if they find the folder of the database at the same real path.
  Version 0.1.0 had a copy for each path to the folder: if a link leads to the
  folder, which belongs to another user, later versions do not know the heads in
  that copy.

WHAT YOU CAN DO

The error names both heads and every option that the role of the peer allows.
Each option names the whole head of the peer and does nothing if the peer has
moved (lease-stale; a peer whose head our branch contains is pushed to as
usual). Each is an input of the Action as well. If a workflow keeps the input,
it has no effect a second time, unless the peer goes back to exactly that head,
as after a restored copy or an undo: then it is adopted, replaced or merged once
more. Remove the input.

    dolt-federation sync --adopt partner=HASH             # our branch becomes theirs
    dolt-federation sync --force-with-lease partner=HASH  # their branch becomes ours
    dolt-federation sync --merge-rewritten partner=HASH   # both are merged

**--adopt** (sync and pull) moves our branch and its tables to the named head.
Untracked and ignored tables stay.

- It is refused with local-commits while our branch has commits that H lacks
  (without an entry: that the merge base lacks). The error lists them with the
  --discard-local that names all of them.
- It is refused with uncommitted-changes if it would overwrite uncommitted
  changes, or cover a table that only exists here. Ignored tables and tables of
  Dolt (dolt_docs, views, procedures, …) count, too.
- The head is checked like all incoming commits. Deleted rows and dropped tables
  count (mass-deletion), except those that only the commits of --discard-local
  hold. So do rows of other systems than trust names (peer-untrusted). Every
  other check compares the head with our branch, so that it sees what the head
  takes back.
- The tag dolt-federation/before-<UTC time> keeps our old head. It stays local
  and is never pushed. The warning history-adopted prints the command that
  restores it.

**--force-with-lease** (sync and push) keeps the peer's old head as the tag
dolt-federation-replaced/<peer>/<hash>, here and at the peer. A run through a
server makes it at the server first, and does not push if that fails. The
warning forced-push prints how to restore the head: a command for the folder of
the database or, after a run through a server, of the scratch copy. A run that
keeps no copy, as on a runner, prints SQL statements for a client of the server.
The server then contacts the peer itself. For a git peer it prints a command
that clones the peer and pushes from the clone: a running Dolt writes only one
ref of a git repository, and its push to another one reports success.

**--merge-rewritten** (sync and pull) merges the two histories as they are, from
the merge base: the last commit that both still share. Use it if both sides have
work of their own and few rows were deleted.

- **The merge base lacks the row**, as after a squash. The row stays, also if
  one side deleted it: it comes back, and the report lists it with the kind
  restored. Rows that differ count as added on both sides (id-collision).
- **The merge base has the row**, as after most uses of --amend. The merge is an
  ordinary one. A row that one side deleted is deleted. The report lists it with
  the kind deleted and the commit that still has it, and a warning says how many
  there are. Rows that differ are changed.

If rows have to be decided first, the run lists in the same way which rows will
come back and which will be deleted, and a warning counts them. The decisions
are made with resolve, which does not list them again.

Limits of --merge-rewritten: if the merge base lacks a table without a primary
key, as after a squash, its rows count as added on both sides, also equal ones.
They are a conflict, so the rows of the peer wait for resolve, and so do rows
that would be decided without you. ours and theirs are the same there if the
rows are equal. Rows of such a table that come back or are deleted are not
listed.

After that, the other databases see the peer as rewritten in turn. Each makes
its own decision; --adopt is the usual one. A third peer that still has the old
history is refused until it takes the new one, or is replaced.
`,
  safety: `SAFETY

This page lists the checks of dolt-federation before it changes anything, and
the actions that it never takes. The threat model lists every attack with its
code and its test, and says what is not defended.

WHAT A RUN NEVER DOES

- It does not force a push or rewrite a branch, unless force-with-lease or adopt
  names the exact head that may be lost. A tag keeps that head.
- It does not report success without reading the peer again after a push. A git
  remote must also have every table file that its manifest names.
- It does not move a tag. backup fails for a peer that has the tag at another
  commit (backups).
- It does not push to the branch of a running database.
- It does not overwrite uncommitted changes.
- It does not break a lock or repair a damaged file.
- It does not send a credential to another address than the url of its entry.
- It does not write on the events of a pull request, unless
  allow-untrusted-event is set. It contacts only peers that the pull request
  does not change (the plan).

WHAT BLOCKS A PEER

Before a run merges the commits of a peer, or moves our branch to them, it
compares them with the last commit that both sides share. The changes in this
table block the peer: it is neither merged nor pushed to. The run ends with exit
code 4, and the other peers go on. status and --dry-run report blocked peers in
advance.

  peer-brings-code
      The peer: brings a new or changed trigger, event or procedure
      Accept it with: accept: [triggers], [events], [procedures]
  peer-brings-code
      The peer: brings an expression with a function outside a fixed list
      Accept it with: accept: [expressions]
  peer-changes-local-tables
      The peer: changes dolt_ignore or dolt_nonlocal_tables
      Accept it with: accept: [ignore]
  peer-changes-local-tables
      The peer: commits a table that our dolt_ignore keeps private
      Accept it with: accept: [ignored-tables]
  peer-steers
      The peer: changes rows of beads that say where other programs send data,
      which credentials they use, or which issues bd hides
      Accept it with: accept: [peers]
  not-comparable
      The peer: replaced a table, and the difference cannot be explained
      Accept it with: accept: [recreated]
  peer-untrusted
      The peer: adds, changes or deletes rows that its trust does not allow
      Accept it with: the system of the rows under trust
  mass-deletion
      The peer: drops a table, renames or retypes a table or column that beads
      reads, or deletes more than max-delete percent (50) of a table of 20 rows
      or more, of ours or of another peer of the run
      Accept it with: accept: [deletion]; deletions also with --max-delete 100
  lossy-merge
      The peer: has a merge by another tool, or under a forged message, that
      lacks rows of a parent
      Accept it with: accept: [deletion]
  schema-ahead
      The peer: has a newer schema of beads, or changes a table that a newer
      schema keeps local
      Accept it with: accept: [ignore, deletion], [ignored-tables]
  other-project
      The peer: belongs to another project of beads than this database
      Accept it with: nothing
  schema-fork
      The peer: has other migrations of beads under the same version
      Accept it with: nothing
  future-date
      The peer: brings a commit dated more than 24 hours ahead, or rows whose
      updated_at or modified_at is that far ahead. The date of a commit stays in
      the history
      Accept it with: accept: [future], or waiting until the date is nearer

- accept belongs to one peer. A primary has it only if it is written under
  federation.peers with role: primary, not as federation.remote.
- A change that we already have does not block.
- A peer can have merged the commits of another peer before we do. What it
  deletes since then counts as if we had merged the other peer first.
- Views, removed code, new definitions of tables and older migrations of beads
  (schema-skew) are reported and merged.
- Tags that a fetch brings or moves are restored.
- The first clone is not checked. It comes from the primary, or from the peer
  that bootstrap names.

A DATABASE THAT IS IN USE

Only one process can have a Dolt database open. A run waits up to 60 seconds for
another run, 10 seconds for other processes and 2 seconds for a server. Then it
ends with database-in-use and names the process, if the system reports it. With
federation.server a run works through the server. Locks are never removed. Full
and read-only disks, damaged files and very many peers are in limits.

WHAT REPORTS SHOW

report-values decides how much of the data a report shows: counts only (none),
keys too (keys), or values too (full). The default is none in a public
repository, keys in a private one, and full on a terminal. Names of tables and
peers, endpoints and commit hashes always appear, and so do names of columns and
constraints in an error. The definitions of tables, with the literals in them,
need keys. Known secrets are replaced in all of them.
`,
  backups: `BACKUPS

backup pushes our branch, and the tag of a release, to the peers that keep
copies. Then it restores each copy to prove that it can be restored. Peers with
the role backup or archive take part, or the peers that you name. A named peer
may have any role that is pushed to. Nothing is merged, and our branch never
moves.

    sync:
      mode: dolt-native
    federation:
      remote: https://github.com/my-org/my-repo.git
      peers:
        vault:
          endpoint: s3://my-bucket/issues
          role: backup
          aws: {region: eu-central-1, dynamodb-table: manifests}
        attic: {endpoint: file:///mnt/attic/issues, role: archive}

    dolt-federation backup --tag v1.0.0 --dry-run
    dolt-federation backup --tag v1.0.0 --proof proof.json
    dolt-federation backup --drill rotate --require-copies 1

With --dry-run nothing is pushed. The report shows the commits that each backup
lacks, and names the peers that would get the tag. A workflow for releases is in
the README. On a release event, tag defaults to the tag of the release.

WHAT A RUN DOES

1. It reads the branch and the tag of each backup, and of the primary if there
   is a tag. The run stops if a sync would not push to the primary: because of a
   rewritten history or an unrelated one, or because it lacks the branch and
   init-empty is false.
2. It finds out which commit is backed up. A new tag is pushed to the primary
   first. A backup that has the tag at another commit fails and gets nothing.
3. It pushes the branch to all backups in parallel, fast-forward only, and then
   the tag to those that lack it.
4. It reads branch and tag of each backup again: verified means that both are
   there.
5. It drills the backups: it clones each one and compares the clone with our
   database.
6. It reports each copy, and writes the proof.

An interrupted run reports each peer whose branch or tag it has not verified as
interrupted, and writes no proof. Run it again: nothing is pushed twice. If the
primary did not get a new tag, the tag is not here either, so the next run
releases the head that the branch has then.

no-push, dolt.local-only and BD_NO_PUSH refuse the command. On an event that may
not write, no backup is made.

WHICH COMMIT A TAG NAMES

  nowhere
      it is made at our head, and pushed to the primary before any backup
  at the primary
      that commit is backed up, and the tag is made here
  here only
      that commit is backed up, and the primary gets the tag
  here and at the primary, at different commits
      the run stops: tag-conflict
  at a backup, at another commit
      that backup fails: tag-conflict. It differs. The others continue
  only at the backups, at all of them at older commits of our branch
      the run stops: tag-conflict. No second release of that name is made
  outside of our branch
      the run stops: tag-not-ours

--tag refs/tags/v1.0.0, as github.ref gives it, means v1.0.0. A name that Dolt
cannot store, or takes for another ref, is refused before anything is sent
(bad-usage): one with a double quote or a character outside of ASCII, HEAD, a
hash, refs/…, heads/…, tags/…, remotes/… or stashes/…. The name of a branch
here, or of one that is known at a peer, is refused too.

A tag is never moved. Therefore a second run backs up the commit of the tag,
although our branch has moved on since. The branch of a backup that is already
ahead of that commit does not move.

Without --tag the head is backed up. If the tag was made by the primary, its
tagger and its message are kept. If this run makes it, the tagger is
dolt-federation. If the primary cannot be read, the run stops, because the
released commit is unknown.

Dolt 2.3.0 overwrites a tag of a remote without being asked, and has no way to
push one only if it is absent. So each tag is read before the push and after it.
A program that sets the same tag between these two moments loses it.

WHAT A DRILL PROVES

A drill makes a fresh clone of the backup in a process of its own, with the
credentials of that peer only. It uses no other data of this machine. The clone
is in a private folder, which is removed.

  full (default)
      Each backup is: cloned, and every row of every table is read
      Proven: the tag names the commit, the branch contains it, no chunk is
      missing, the hash of the database and each value of each table are ours
  head
      Each backup is: cloned, and its hash is read
      Proven: the same, but not that each value is ours or can be read
  rotate
      Each backup is: as full, for one backup a day; the others are pushed and
      verified
      Proven: the same, for that backup
  off
      Each backup is: pushed and verified
      Proven: the tag names the commit, and the branch contains it

rotate takes backup number *(days since 1970-01-01, UTC) mod n* in the order of
their names. A run on each day thus drills each of n backups every n days. Runs
that are further apart can miss a backup for ever: of seven backups, a weekly
run always drills the same one. The number of days between two runs must have no
divisor in common with n. Otherwise use full. A notice (drill-unproven) names
each backup that more than n runs in a row did not prove, as far as is known.

  proven
      the clone has the same data as our database at that commit. Its branch may
      have other commits on top of it: the state of the peer is then behind
  differs
      the backup is damaged, or has other data, or ends Dolt while it is cloned.
      The peer fails with drill-failed. If its fetch or push shows that, it has
      its own code, such as corrupt or missing-table-file, tag-conflict if our
      tag names another commit there, or non-fast-forward if its branch has
      commits that ours lacks and lacks some of ours. A push that ends with
      corrupt shows no such thing: our own database may be the damaged one
  unproven
      nothing is proven about the backup
  skipped
      this run did not drill it

  with rotate: it failed before its drill
      the error of the peer counts against the run
  it cannot be cloned: the network, silence, a missing folder, a full disk, a
  file that the system refuses to the drill
      the peer fails with drill-unproven: the same run pushed and read there
  the credentials may not read it
      a warning. With --stale-after the peer fails once its last proof is older
  our own database cannot be read
      an error of the run, which is partial (exit code 3)

lastProvenAt in the JSON and in the report is the time at which a drill last
proved the backup. It is in .dolt/dolt-federation.json, and a fresh runner
restores it from the Actions cache. Without that cache, --stale-after and the
notice about a rotation use only proofs of the same machine.

Not proven: that the backup is still there tomorrow, that an attacker with its
credentials cannot delete it, and that our own database was right. Uncommitted
changes and tables that dolt_ignore matches are not part of a backup. Of a tag,
only name and commit are compared.

HOW MANY COPIES ARE ENOUGH

Without --require-copies every backup must get the commit: one that fails makes
the run fail (exit code 3, or 1 if all of them fail). With --require-copies 2
the run succeeds as soon as two backups have the proven commit, regardless of
the others. Their errors become warnings. With fewer copies the run fails with
too-few-copies (exit code 1).

A backup that differs always counts: the run is at least partial (exit code 3),
and a problem names the peer. With rotate the same holds if the one backup of
the day fails before its drill, or is not served.

A backup counts if it is proven. With off, and for backups whose turn it is not,
a verified push counts. unproven does not count. With rotate, --require-copies
thus counts proofs of one backup only, and trusts the pushes to the others.

Backups at one place are one copy, also on two branches. Addresses are compared
in every spelling, and folders of this machine by their identity: a link,
another letter case or a bind mount leads to the same folder. validate warns of
two peers with one place and branch (duplicate-endpoint). One host under two
names, or a share that is mounted twice, counts as two places.

SIZES

The report has the size of each backup, and its growth since the last run. A
peer that is a folder is measured there, unless it has more than 20,000 files or
takes more than 10 seconds. For every other kind it is the size of the clone, so
an undrilled backup has none. The last size is stored beside lastProvenAt. A
fresh runner without the cache has none, and the growth is empty.

THE PROOF

--proof FILE writes the proof as JSON. In a workflow the output proof-path names
the file. It is written only if the run succeeds and at least one backup is
proven. Its schema is proof in result.schema.json, and its keys always have the
same order:

    {
      "version": 1,
      "madeBy": "dolt-federation 0.1.0",
      "date": "2026-11-28T18:36:58.716Z",
      "database": "issues",
      "branch": "main",
      "tag": "v1.0.0",
      "commit": "m08fbt6jgkufm65rmd397gg08067c506",
      "databaseHash": "o1c1vd70lii8semuvcioscj24re65qde",
      "doltVersion": "2.3.0",
      "copies": 1,
      "required": null,
      "peers": [
        {
          "name": "vault",
          "endpoint": "s3://my-bucket/issues",
          "role": "backup",
          "kind": "proven",
          "head": "m08fbt6jgkufm65rmd397gg08067c506",
          "databaseHash": "o1c1vd70lii8semuvcioscj24re65qde",
          "tables": [{ "name": "items", "rows": 2 }],
          "bytes": 3053,
          "durationMs": 1638
        }
      ]
    }

The proof has names of tables and endpoints, and no values. Of a path on this
machine it has only the last name: file:///…/issues. It is not signed: a person
who can replace the file can write another one. To check it, clone the backup
and compare the hash.

RESTORE A BACKUP

A backup is a Dolt remote, so Dolt alone restores it. Clone it into a new
folder, and compare commit and hash with the proof:

    dolt clone file:///mnt/attic/issues restored
    cd restored
    dolt tag -v
    dolt sql -r csv -q "SELECT tag_hash FROM dolt_tags WHERE tag_name = 'v1.0.0'"
    dolt sql -r csv -q "SELECT dolt_hashof_db('v1.0.0')"

The clone is at the newest commit of the backup. If another program pushed
there, that commit is newer than the one in the proof, and no drill compared it.
To get the state of the release, add a branch at the tag, or, without a tag, at
the commit of the proof:

    dolt checkout -b from-release v1.0.0
    dolt sql -r csv -q 'SELECT COUNT(*) FROM items'

If the primary is lost, give the restored database a new primary, and publish to
it:

    dolt checkout main
    cd ..
    dolt-federation config set federation.remote file:///mnt/primary/issues
    dolt-federation push origin --database restored

Do not work in the folder of a backup, and do not merge from it: its role keeps
it from being read into a merge. Other machines clone the new primary, or see
rewritten histories if their database has commits that the backup lacks.

LIMITS

- The whole history is sent and cloned: tier T1. A drill needs the space of a
  clone in the temporary folder.
- At most two backups are drilled at a time.
- A database that a server holds, or that an embedded bd uses, is backed up from
  a copy. Its own tags and branches count. A new tag is made in the copy and at
  the primary, not in that database. Without a primary, make the tag there
  yourself first.
- A peer with live: true gets the commit in its inbox branch, and the drill
  reads that branch.
`,
  'pull-requests': `WHAT CHANGES

Two configurations are compared by their meaning, not by their text: other
spellings of one endpoint, comments and the order of keys change nothing. The
most dangerous changes come first.

  sovereignty-lowered
      Dangerous: yes
      Means: The tier of the federation is lowered.
  tier-lowered
      Dangerous: yes
      Means: The tier of a peer is lowered.
  new-host
      Dangerous: yes
      Means: Data would reach a host, or an owner there, that received none
      before.
  patterns-widened
      Dangerous: yes
      Means: More endpoints are allowed.
  accept-widened
      Dangerous: yes
      Means: More of what others send would be merged.
  push-enabled
      Dangerous: yes
      Means: A key or a file that prevented pushing is gone or overridden.
  role-widened
      Dangerous: yes
      Means: A peer would receive or send more.
  peer-moved
      Dangerous: yes
      Means: A peer has another address, branch or ref.
  peer-added
      Dangerous: yes
      Means: A peer is new.
  strategy-changed
      Means: Conflicts are resolved in another way.
  peer-removed
      Means: A peer is gone.
  role-changed
      Means: A peer would receive or send less.
  setting-changed
      Means: Another setting has a new value.

- A dangerous change is a notice on its line. A change of a kind that
  fail-on-change names is an error (config-change), and the step fails with exit
  code 2. dangerous names all that the table marks.
- A peer with a new name or endpoint is also compared with the former peers of
  its database, with every way to connect to it. It is compared with removed
  peers of its owner at the host, too. A wider role, a lower tier, more accept
  or less trust than the strictest of them is a change. If there is none, a new
  peer is compared with the tier of the federation and an empty accept.
- If GitHub's merge of both sides is checked out, as actions/checkout does by
  default, the configuration is compared with the one in the base branch. If the
  head of the pull request is checked out, it is compared with their merge base.
  If they have several, none of them shows every change. Then it is compared
  with the base branch, and changes that only the base has made appear as if
  they were taken back. A branch that lacks commits of its base gets the warning
  branch-behind: it was checked without them.
- A merge is GitHub's only if its parents are the head of the event and a commit
  of the base branch that has the base of the event. Any other merge is a commit
  of the branch.
- The owner at a host is the path without its last part: github.com/my-org, or
  doltremoteapi.dolthub.com/my-org. A database directly below a host, such as
  https://dolt.my-org.example/issues, belongs to the host. A bucket has one
  owner.
- Both configurations are found in the same way, each with its own
  .beads/redirect, .env, guards and settings of bd. The server that the settings
  of bd name counts as a host, also a socket or a server that this tool refuses.
  Another path of the database that they name is a setting-changed.
- A written federation.push: true is push-enabled also if nothing forbids a push
  here: it overrides guards that the check does not see, such as variables of
  the job that federates, or files of its machine. readonly that becomes a
  weaker guard is accept-widened.
- Of bd's settings for its JSONL file, export.path, export.exclude_owners and
  types.infra are compared (setting-changed).
- The guards of the workspace that has the database count as in a run. The
  database is that of federation.database, its variable or the workspace,
  because validate does not know the input database of other steps. A file
  MIGRATION-FREEZE that is gone is push-enabled.
- If the configuration before the change cannot be read or is invalid, that is a
  warning, and an error if fail-on-change is set (base-unreadable). Its invalid
  parts count as absent, so a change may be missing.
- An invalid configuration is not compared. Correct it first.
- An event that proposes no change, such as a push, is compared with nothing.
  With fail-on-change a notice says so. If the payload of a pull request cannot
  be read, that is base-unreadable.
- In a terminal, or in the CI of another host, --base names a folder with the
  files of the base:

    mkdir ../base
    git archive main | tar -x -C ../base
    dolt-federation validate --base ../base --fail-on-change dangerous

- --base can also name one file. Then the other files of the workspace are taken
  for unchanged.
`,
  'exit-codes': `EXIT CODES

  0
      success, or nothing to do
  1
      failed: every peer failed, or the run as a whole failed
  2
      invalid usage or configuration; nothing was changed
  3
      partial: some peers failed, the others are in sync
  4
      a conflict or an unrelated history needs a decision
  129
      interrupted (SIGHUP: the terminal was closed)
  130
      interrupted (SIGINT)
  131
      interrupted (SIGQUIT)
  143
      interrupted (SIGTERM)

fail-on decides which failures of peers count. Every error has a stable code:
see troubleshooting.

WHICH FAILURES MAKE A RUN FAIL

  any (default)
      1 if every peer failed, 4 if a conflict is unresolved, 3 if some peers
      failed
  primary
      1 if the primary failed, 4 if it is in conflict, else 0 with warnings;
      without a primary among the selected peers, 2
  none
      0

With stale-after: 2d, a peer counts as failed if it lacks a commit of ours that
is older, or if it cannot be reached and was last verified longer ago. Until
then, a failure that may pass, such as a network error, does not fail the run
(alarms).

Bad usage, a database that cannot be opened and an interrupt have exit codes of
their own, regardless of fail-on.
`,
};
