/*
 * members -- who belongs, in which role, and when last heard of.
 */
#include "fieldkit/cmds.h"

#include <string.h>

#include "sync/base/clock.h"

static const char *
status_name(struct ctx *c, const struct member *m)
{
	char ref[REF_MAX];
	struct oid oid;

	ref_device(ref, &m->device);
	switch (m->status) {
	case MEMBER_ACTIVE:
		return "active";
	case MEMBER_CUT:
		return "revoked";
	case MEMBER_UNINVITED:
		return "uninvited";
	default:
		return repo_ref(&oid, c->home.site.repo, ref) == NULL ?
		    "pending" : "invited";
	}
}

static fault
member_row(struct ctx *c, const struct member *m)
{
	struct json_out w = json_writer(&c->out);
	const char *role = m->role == 0 ? "" : role_name(m->role);
	char hex[ID_HEX], when[32] = "";
	uint64_t clock;
	int64_t days;
	fault f;

	if ((f = store_last_clock(&c->home.store, &m->device, &clock)) !=
	    NULL || (f = exchange_box_age(&c->home, &m->device, &days)) !=
	    NULL)
		return f;
	if (clock != 0)
		clock_text(when, hlc_ms(clock));
	if (!c->json) {
		buf_text(&c->out, "%s  %-12s %-10s %-21s %s\n",
		    id_hex(hex, &m->device), say(role),
		    say(status_name(c, m)), when,
		    m->name == NULL ? "" : m->name);
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &m->device));
	json_key(&w, "name");
	json_put_text(&w, m->name == NULL ? "" : m->name);
	json_key(&w, "role");
	json_put_text(&w, role);
	json_key(&w, "status");
	json_put_text(&w, status_name(c, m));
	json_key(&w, "box_age_days");
	if (days >= 0)
		json_put_int(&w, days);
	else
		json_put_null(&w);
	json_key(&w, "last_seen");
	if (clock != 0)
		json_put_text(&w, when);
	else
		json_put_null(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

fault
cmd_members(struct ctx *c)
{
	const struct roster *ro;
	fault f = cmd_unlock_site(c);

	if (f != NULL)
		return f;
	ro = c->home.site.roster;
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		f = member_row(c, &ro->members[i]);
	return f;
}
