/*
 * commands -- the one table of commands, in the order in which a project uses them.
 */
#include "fieldkit/cmds.h"

#define ANY (-1)

const struct command commands[] = {
{ "demo", "[DIR]", "a practice project with invented notes: see it work",
    NULL, 0, 1, cmd_demo },
{ "init", "--project TITLE --name PERSON [--hub URL] [--pack NAME] "
    "[--practice]", "make a project; this device coordinates it",
    " project: name: hub: pack: practice ", 0, 0, cmd_init },
{ "hub", "init DIR | add NAME URL | list | remove NAME",
    "hubs: the shared places where devices meet", NULL, 1, 3, cmd_hub },
{ "invite", "--name PERSON --role coordinator|worker|analyst|auditor -o "
    "FILE [--days N]",
    "a one-time invitation and the code to tell by voice",
    " name: role: days: recovery-file: recovery-fd: ", 0, 0, cmd_invite },
{ "join", "FILE [--code-file F | --code-fd N] [--name PERSON]",
    "become a member with an invitation", " code-file: code-fd: name: ",
    1, 1, cmd_join },
{ "members", "", "who belongs, and in which role", NULL, 0, 0, cmd_members },
{ "revoke", "DEVICE --reason T [--at SEQ] [--never-handed-over]",
    "coordinator: cut a device off, or take an invitation back",
    " reason: at: never-handed-over recovery-file: recovery-fd: ", 1, 1,
    cmd_revoke },
{ "role", "DEVICE coordinator|worker|analyst|auditor [--reason T]",
    "coordinator: another role for a member",
    " reason: recovery-file: recovery-fd: ", 2, 2, cmd_role },
{ "rotate", "", "coordinator: new keys for everything sealed from now on",
    NULL, 0, 0, cmd_rotate },
{ "approve", "[SEQ]", "a second coordinator's signature; without SEQ, what "
    "waits for one", NULL, 0, 1, cmd_approve },
{ "adopt", "DOT", "coordinator: take over a change that stands in "
    "quarantine", NULL, 1, 1, cmd_adopt },
{ "erase", "ID... --reason T --basis T | --status | --prove ID",
    "coordinator: destroy the keys of records on every device",
    " reason: basis: status prove ", 0, ANY, cmd_erase },
{ "unlock", "[--for 15m]", "keep the key in the kernel for a while",
    " for: ", 0, 0, cmd_unlock_command },
{ "lock", "", "seal what is outstanding and drop the key", NULL, 0, 0,
    cmd_lock },
{ "passphrase", "[--new-fd N | --new-file F]", "change the passphrase",
    " new-fd: new-file: ", 0, 0, cmd_passphrase },
{ "recover", "[--test | --coordinator] [--recovery-file F | --recovery-fd N] "
    "[--new-fd N | --new-file F]", "the paper key: for a forgotten "
    "passphrase, a lost coordinator; --test tries it",
    " test coordinator recovery-file: recovery-fd: new-fd: new-file: ", 0, 0,
    cmd_recover },
{ "backup", "FILE", "this device into one encrypted file", NULL, 1, 1,
    cmd_backup },
{ "restore", "FILE [--recovery-file F | --recovery-fd N]", "a device from its "
    "backup, into a new home", " recovery-file: recovery-fd: ", 1, 1,
    cmd_restore },
{ "types", "", "what can be recorded", NULL, 0, 0, cmd_types },
{ "fields", "TYPE", "the fields of a type", NULL, 1, 1, cmd_fields },
{ "pack", "list | show [NAME] | check FILE", "the method's record types",
    NULL, 1, 2, cmd_pack },
{ "add", "TYPE FIELD=VALUE... | TYPE --from FILE", "record something new",
    " from: ", 1, ANY, cmd_add },
{ "edit", "ID FIELD=VALUE... [--reason T]", "change a record "
    "(FIELD+=V and FIELD-=V for sets)", " reason: ", 2, ANY, cmd_edit },
{ "withdraw", "ID --reason T [--undo]", "take a record back; its history "
    "stays", " reason: undo ", 1, 1, cmd_withdraw },
{ "show", "ID", "one record", NULL, 1, 1, cmd_show },
{ "list", "[TYPE] [--where FIELD=VALUE]... [--since DATE] [--limit N] "
    "[--all]", "the records, newest first", " where: since: limit: all ",
    0, 1, cmd_list },
{ "search", "WORDS [--limit N]", "full text, best first", " limit: ", 1, ANY,
    cmd_search },
{ "history", "ID", "who changed what, when, in which commit", NULL, 1, 1,
    cmd_history },
{ "conflicts", "", "what a person must decide", NULL, 0, 0, cmd_conflicts },
{ "resolve", "ID FIELD --keep DOT | --value V [--reason T]",
    "decide a conflict", " keep: value: reason: ", 2, 2, cmd_resolve },
{ "seal", "", "outstanding changes into signed commits", NULL, 0, 0,
    cmd_seal },
{ "sync", "[HUB] [--unattended]", "exchange with a hub", " unattended ",
    0, 1, cmd_sync },
{ "merge", "[HUB]", "coordinator: verify and merge every device into main",
    NULL, 0, 1, cmd_merge },
{ "audit", "[HUB] [--all-data] [--signers FILE] | URL --genesis HASH",
    "verify the whole history from a hub's own objects",
    " all-data signers: genesis: ", 0, 1, cmd_audit },
{ "alarms", "[--dismiss N --reason T]", "what was raised and stands",
    " dismiss: reason: ", 0, 0, cmd_alarms },
{ "status", "", "one screen: what is unsent, unaccepted, in conflict",
    NULL, 0, 0, cmd_status },
{ "digest", "", "a fingerprint of records and changes", NULL, 0, 0,
    cmd_digest },
{ "export", "--format jsonl [TYPE] -o FILE --purpose T", "records out",
    " format: purpose: ", 0, 1, cmd_export },
{ "leave", "", "a last sync; then nothing is left on this device",
    NULL, 0, 0, cmd_leave },
{ "doctor", "[--rebuild]", "check the store and the repository",
    " rebuild ", 0, 0, cmd_doctor },
{ NULL, NULL, NULL, NULL, 0, 0, NULL }
};
