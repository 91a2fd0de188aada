// Written by `npm run generate` from docs. Change it there.

/** The text of each topic of `help`. */
export const TOPICS = {
  configuration: `CONFIGURATION

The configuration is the first of these files:

1. the file that --config, or the input config, names;
2. .beads/config.yaml, searched upward from the working directory;
3. for the command-line tool, \${XDG_CONFIG_HOME:-~/.config}/bd/config.yaml.

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
Every other byte of the file stays: comments, order, indentation, line breaks.
The result is validated before it is written. Secrets are refused. A file that
another program changes meanwhile is read again. config set federation.database
checks the folder, which is relative to the file: one without a database is
refused, and one that does not exist yet is accepted with a warning.
federation.server has several keys: set federation.server.port first. config
unset federation.server removes them all.

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
the user, and reports the tables and the commit. resolve restores lost rows in
the same name. Name and email come from the first of these that has both:

1. Dolt: user.name and user.email in .dolt/config.json of the database, else in
   ~/.dolt/config_global.json;
2. git: its variables GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, and its settings.

Without them the run is refused (no-identity). The Action does not read the
settings in the home folder of the runner: set the two variables in env. Merge
commits have an author of their own.

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

- Peers, credentials and merges stay in a scratch copy of the branch. The server
  only fast-forwards its branch at the end (ADR 15).
- Uncommitted work of clients stays. A peer that changes a table with
  uncommitted rows waits (uncommitted-changes).
- If a client commits during the run, our branch stays, and the peers report
  contention. Run again: the next run merges what was pushed.
- If no server holds the database, it is opened directly.
- resolve works the same way: it merges in the scratch copy, and the server
  fast-forwards its branch. If a client commits meanwhile, nothing is merged.
  Your choices stay in the file: run sync, then resolve.
- Not possible through a server: adopt and federation.inbox.

ROLES

  primary (at most one)
      Is read and merged: yes
      Is pushed to: yes
      In sync: yes
  peer (default)
      Is read and merged: yes
      Is pushed to: yes
      In sync: yes
  upstream
      Is read and merged: yes
      Is pushed to: never
      In sync: pull only
  backup
      Is read and merged: never
      Is pushed to: yes
      In sync: push only
  archive
      Is read and merged: never
      Is pushed to: yes
      In sync: no; use push

Every peer that takes part is tried, even if others fail. only-role (--only-role
backup,archive) limits a run to peers with these roles, and the names of peers
limit it to these peers. A backup or an archive only ever moves forward. Other
commits that it holds are reported and never merged.

WHICH FAILURES MAKE A RUN FAIL

  any (default)
      1 if every peer failed, 4 if a conflict is unresolved, 3 if some peers
      failed
  primary
      1 if the primary failed, 4 if it is in conflict, else 0 with warnings;
      without a primary, 2
  none
      0

Bad usage, a database that cannot be opened and an interrupt have exit codes of
their own, whatever fail-on says.

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
  workspace, the files of that workspace count as well. For one key the variable
  comes before the files, as in bd.
- Values are true, false and the other forms that bd reads (1, t, T, 0, f, F).
  bd takes anything else, including yes and on, as false. dolt-federation
  refuses it.
- A key that is nearly one of these, such as no_push, is an error.
- federation.push: true overrides the keys of beads for dolt-federation.
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
  that speak to its peer. It is in no argument, URL, table or file that outlives
  the run.
- A refusal is final (auth, untrusted-host) and is not retried.
- A password or a key in an endpoint is refused.
- An own certificate authority is named by SSL_CERT_FILE in the environment of
  the job, for git as well (GIT_SSL_CAINFO comes before it). It replaces the
  authorities of the system, so use a file that holds both.

PEERS WITHOUT AN ENTRY

A peer without an entry uses what the job already has for that kind of remote.
This applies to the provider's own hosts (AWS, Google, Azure), or to the service
that the environment of the job names. The ssh agent counts as such. The
metadata service of the machine is asked only for a peer whose entry says
instance-role: true.

A git peer over https in the workflow's own repository uses github-token.
`,
  endpoints: `ENDPOINTS

How to set up a peer of each form, and what can go wrong. Credentials has the
rules for secrets, and how Dolt handles remotes has the measured facts behind
this page.

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
      without a primary, 2
  none
      0

Bad usage, a database that cannot be opened and an interrupt have exit codes of
their own, whatever fail-on says.
`,
} as const satisfies Record<string, string>;

export type TopicName = keyof typeof TOPICS;
