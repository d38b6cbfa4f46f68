/*
 * revoke -- a device no longer belongs: its chain is cut at a place, and from
 * the entry on everything is sealed under keys that it never gets.
 */
#include "fieldkit/cmds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fault
reason_given(struct ctx *c, const char **reason)
{
	*reason = option(c, "reason");
	if (*reason == NULL)
		return fault_new(FAULT_USAGE, "%s needs --reason T: it stands "
		    "in the roster, readable to members", c->cmd->name);
	return cmd_text("reason", *reason, ITEM_REASON_MAX);
}

/* What its last colleague would otherwise find out too late. */
static fault
not_the_last(struct ctx *c, const struct member *m)
{
	if (!m->coordinates || roster_coordinators(c->home.site.roster) > 1)
		return NULL;
	return fault_new(FAULT_INVALID, "this is the last coordinator; nothing "
	    "was changed; invite a second one first, or use the recovery key: "
	    "'fieldkit recover --coordinator'");
}

static fault
ask(struct ctx *c, const struct member *m)
{
	char hex[ID_HEX], question[300];

	snprintf(question, sizeof question, say("Cut off %s (%s)? It cannot "
	    "be taken back"), m->name == NULL ? "?" : m->name,
	    id_hex(hex, &m->device));
	if (c->yes || !term_there() || term_yes(question))
		return NULL;
	return fault_new(FAULT_FAIL, "nothing was changed");
}

/* An invitation that nobody was admitted for. */
static fault
uninvite(struct ctx *c, const struct member *m, const char *reason)
{
	bool unused = option_given(c, "never-handed-over");
	struct intent in = INTENT_EMPTY;

	entry_uninvite(&in.items, &m->device, unused);
	entry_reason(&in.items, reason);
	/* Who may hold the file may hold the secrets in it. */
	if (!unused)
		in.flags = INTENT_EPOCH | INTENT_TREE;
	return cmd_intend(c, &in);
}

static fault
revoke(struct ctx *c, const struct member *m, const char *reason)
{
	struct intent in = INTENT_EMPTY;
	struct member cut = *m;
	fault f;

	if ((f = cmd_cut(c, &cut, CUT_REVOKED, option(c, "at"))) != NULL)
		return f;
	entry_cut(&in.items, &cut);
	entry_reason(&in.items, reason);
	/* A coordinator's takes effect, and locks it out, when approved. */
	in.flags = m->caps & CAP_COORDINATE ? INTENT_PAPER :
	    INTENT_EPOCH | INTENT_TREE;
	return cmd_intend(c, &in);
}

static void
said(struct ctx *c, const char *arg)
{
	const struct member *m;
	char hex[ID_HEX];

	if (c->json || cmd_member(c, arg, &m) != NULL)
		return;
	id_hex(hex, &m->device);
	if (m->status == MEMBER_CUT)
		out(c, "%s is revoked at number %" PRIu64 " of its chain. What it "
		    "wrote later is kept apart; 'fieldkit merge' lists it, "
		    "'fieldkit adopt' takes single notes over.\n", hex,
		    m->cut_seq);
	else if (m->status == MEMBER_UNINVITED)
		out(c, "The invitation of %s is taken back.\n", hex);
	else
		out(c, "It takes effect when it is bound%s.\n", m->caps &
		    CAP_COORDINATE ? say(" and another coordinator has "
		    "approved it") : "");
}

fault
cmd_revoke(struct ctx *c)
{
	const struct member *m;
	const char *reason;
	fault f;

	if ((f = reason_given(c, &reason)) != NULL ||
	    (f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL ||
	    (f = cmd_member(c, c->args[0], &m)) != NULL)
		return f;
	if (m->status == MEMBER_CUT || m->status == MEMBER_UNINVITED)
		return fault_new(FAULT_INVALID, "this device is revoked "
		    "already; nothing was changed");
	if ((f = not_the_last(c, m)) != NULL || (f = ask(c, m)) != NULL)
		return f;
	f = m->status == MEMBER_INVITED ? uninvite(c, m, reason) :
	    revoke(c, m, reason);
	if (f == NULL)
		said(c, c->args[0]);
	return f;
}
