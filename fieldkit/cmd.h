/*
 * cmd -- what every command shares: its row in the one table, its options,
 * the home that it opens, the text that it hands out at its end.
 */
#ifndef FIELDKIT_CMD_H
#define FIELDKIT_CMD_H

#include "fieldkit/alarms.h"
#include "fieldkit/edit.h"
#include "fieldkit/exchange.h"
#include "fieldkit/home.h"
#include "fieldkit/json.h"
#include "fieldkit/pack.h"
#include "fieldkit/term.h"
#include "sync/base/lang.h"

#define OPTIONS_MAX 64

struct option {
	const char	*name, *value;	/* value NULL: a flag */
};

struct ctx {
	const struct command *cmd;
	char		**args;		/* those that are no options */
	int		nargs;
	struct option	options[OPTIONS_MAX];
	int		noptions;
	bool		json, yes, dry_run;
	struct buf	out;		/* standard output, written at the end */
	struct home	home;
	struct pack	*pack;
	enum role	role;
	int		status;		/* exit code when no fault is returned */
};

struct command {
	const char	*name;
	const char	*usage;		/* behind the name */
	const char	*help;		/* one line, English */
	const char	*options;	/* " project: name: practice ": with : takes
					 * a value; besides the global ones */
	int		min, max;	/* arguments; max -1: any */
	fault		(*run)(struct ctx *);
};

/* In the order in which a project uses them; ends with a NULL name. */
extern const struct command commands[];

/* The first value of an option, NULL if it was not given. */
const char *option(const struct ctx *, const char *name);
bool option_given(const struct ctx *, const char *name);
/* The k-th value of an option that may repeat; NULL beyond. */
const char *option_nth(const struct ctx *, const char *name, int k);

/* Where the home is: --home, FIELDKIT_HOME, or the default.  Caller frees. */
char *cmd_home_path(const struct ctx *);

/* Open the home (clear files; the practice banner), still locked. */
fault cmd_open(struct ctx *) MUST_CHECK;
/* Open and unlock: a passphrase that is given is checked; else the kernel's
 * key; else a prompt.  Reads pack and role as the last sync left them, so a
 * save needs no repository. */
fault cmd_unlock(struct ctx *) MUST_CHECK;
/* Also open the repository and verify the roster. */
fault cmd_unlock_site(struct ctx *) MUST_CHECK;
/* The master key alone, in locked memory; for unlock and passphrase. */
fault cmd_master(struct ctx *, uint8_t **master) MUST_CHECK;
/* The same for a keyfile that is in no home, by a passphrase alone; the swap
 * was looked at before. */
fault cmd_passphrase_for(const struct ctx *, const struct keyfile *,
    uint8_t **master) MUST_CHECK;
/* A new passphrase: given, or asked twice.  Real projects refuse weak ones. */
fault cmd_new_passphrase(struct ctx *, struct secret_line *, bool practice)
    MUST_CHECK;
/* The one that replaces it: --new-fd, --new-file, or asked twice. */
fault cmd_next_passphrase(struct ctx *, struct secret_line *) MUST_CHECK;
/* The paper key: --recovery-file, --recovery-fd, or asked. */
fault cmd_paper(const struct ctx *, struct paper *) MUST_CHECK;
bool cmd_paper_given(const struct ctx *);
/* FAULT_INVALID for one that is too easy to guess. */
fault passphrase_strong(const struct secret_line *) MUST_CHECK;
/* Refuse (or, in practice, warn) where keys could reach a clear swap. */
fault cmd_swap(const struct ctx *, bool practice) MUST_CHECK;

/* Who edits here; needs an unlocked home. */
struct editor cmd_editor(const struct ctx *);
/* FAULT_LOCKED unless this device coordinates. */
fault cmd_coordinator(const struct ctx *) MUST_CHECK;

/* The record named by an argument: FAULT_ABSENT for a malformed id too,
 * FAULT_ERASED (r->id is set) for one that was erased. */
fault cmd_record(struct ctx *, const char *id, struct record *) MUST_CHECK;

/* The hub named by an argument, or the only or home one.  Caller frees. */
fault cmd_hub_url(struct ctx *, const char *name, char **url) MUST_CHECK;

/*
 * What this coordinator wants of the roster: kept, and bound at once where
 * the home hub is within reach; else it says when it will be.  The intent is
 * freed.
 */
fault cmd_intend(struct ctx *, struct intent *) MUST_CHECK;
/* Fill in where its chain, and a coordinator's main, is to be cut. */
fault cmd_cut(struct ctx *, struct member *, enum cut_reason, const char *at)
    MUST_CHECK;
/* The member that an argument names: its id, or the first letters of it. */
fault cmd_member(struct ctx *, const char *arg, const struct member **)
    MUST_CHECK;

/* A title or a person's name: FAULT_INVALID unless 1 to max bytes of UTF-8
 * without control characters. */
fault cmd_text(const char *what, const char *text, size_t max) MUST_CHECK;

/*
 * Write what is in out now, before a step that must not happen unless it was
 * seen (a code, a recovery key).  -o is honoured.
 */
fault cmd_hand_out(struct ctx *) MUST_CHECK;

/* One line of information on standard error. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Plain text for people into ctx->out; fmt goes through the catalogue. */
void out(struct ctx *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Findings as JSON Lines or as text. */
void out_finding(struct ctx *, const struct finding *);
void json_findings(struct json_out *, const struct findings *);
/* The same with their numbers; all that stand. */
void out_alarm(struct ctx *, const struct alarm *);
void json_alarms(struct json_out *, const struct alarms *);

/* --lang, else the locale, in which C and POSIX mean English. */
enum lang cmd_language(int argc, char **argv);
fault cmd_run(int argc, char **argv, int *status) MUST_CHECK;

#endif
