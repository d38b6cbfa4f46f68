/*
 * role -- another role for a member's device.  Who may read less than before
 * is cut: what it wrote under the old rights ends there, and new keys follow.
 */
#include "fieldkit/cmds.h"

#include <string.h>

static fault
may_change(struct ctx *c, const struct member *m, enum role r)
{
	if (m->status != MEMBER_ACTIVE)
		return fault_new(FAULT_INVALID, "this device is no admitted "
		    "member; nothing was changed");
	if (m->role == r && role_caps(r) == m->caps)
		return fault_new(FAULT_INVALID, "it has this role already; "
		    "nothing was changed");
	if (m->coordinates && r != ROLE_COORDINATOR &&
	    roster_coordinators(c->home.site.roster) == 1)
		return fault_new(FAULT_INVALID, "this is the last coordinator; "
		    "nothing was changed; make a second one first");
	return NULL;
}

/* Roles stand in the order of what they may read, the most first. */
static bool
reads_less(const struct member *m, enum role r)
{
	return r > m->role;
}

static fault
change(struct ctx *c, const struct member *m, enum role r)
{
	bool two = ((m->caps ^ role_caps(r)) & CAP_COORDINATE) != 0;
	struct intent in = INTENT_EMPTY;
	struct member cut = *m;
	fault f = NULL;

	if (reads_less(m, r)) {
		if ((f = cmd_cut(c, &cut, CUT_DEMOTED, NULL)) != NULL)
			return f;
		entry_cut(&in.items, &cut);
		in.flags = INTENT_EPOCH | INTENT_TREE;
	}
	if (role_caps(r) != m->caps)
		entry_caps(&in.items, &m->device, role_caps(r));
	entry_name(&in.items, &m->device, r, m->name == NULL ? "?" : m->name);
	if (option(c, "reason") != NULL)
		entry_reason(&in.items, option(c, "reason"));
	/* With a second signature, the keys change when that has come. */
	if (two)
		in.flags = INTENT_PAPER;
	return cmd_intend(c, &in);
}

fault
cmd_role(struct ctx *c)
{
	const struct member *m;
	enum role r;
	fault f;

	if (!role_parse(&r, c->args[1]))
		return fault_new(FAULT_USAGE, "there is no role '%.40s'; roles "
		    "are coordinator, worker, analyst, auditor", c->args[1]);
	if (option(c, "reason") != NULL && (f = cmd_text("reason",
	    option(c, "reason"), ITEM_REASON_MAX)) != NULL)
		return f;
	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL ||
	    (f = cmd_member(c, c->args[0], &m)) != NULL ||
	    (f = may_change(c, m, r)) != NULL ||
	    (f = change(c, m, r)) != NULL)
		return f;
	if (!c->json)
		out(c, "Asked for; 'fieldkit members' shows when it holds.\n");
	return NULL;
}
