/*
 * members -- who belongs, in which role, and when last heard of.
 */
#include "fieldkit/cmds.h"

#include <string.h>

#include "fieldkit/silence.h"
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

struct row {
	const char	*role;
	char		when[32];	/* of its newest change; "": none */
	int64_t		box_days, silent_days;	/* -1: not known */
};

static fault
row_read(struct row *r, struct ctx *c, const struct member *m)
{
	uint64_t clock;
	fault f;

	r->role = m->standing == 0 ? "" : role_name(m->standing);
	r->when[0] = '\0';
	if ((f = store_last_clock(&c->home.store, &m->device, &clock)) !=
	    NULL || (f = exchange_box_age(&c->home, &m->device,
	    &r->box_days)) != NULL)
		return f;
	if (clock != 0)
		clock_text(r->when, hlc_ms(clock));
	r->silent_days = -1;
	return m->status != MEMBER_ACTIVE ? NULL :
	    silence_days(&c->home, &m->device, &r->silent_days);
}

static void
put_days(struct json_out *w, const char *key, int64_t days)
{
	json_key(w, key);
	if (days >= 0)
		json_put_int(w, days);
	else
		json_put_null(w);
}

static void
row_text(struct ctx *c, const struct member *m, const struct row *r)
{
	char hex[ID_HEX];

	buf_text(&c->out, "%s  %-12s %-10s %-21s %s",
	    id_hex(hex, &m->device), say(r->role), say(status_name(c, m)),
	    r->when, m->name == NULL ? "" : m->name);
	if (r->silent_days > SILENCE_DAYS)
		out(c, "  (silent for %lld days)", (long long)r->silent_days);
	buf_text(&c->out, "\n");
}

static void
row_json(struct ctx *c, const struct member *m, const struct row *r)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	json_open(&w, '{');
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &m->device));
	json_key(&w, "name");
	json_put_text(&w, m->name == NULL ? "" : m->name);
	json_key(&w, "role");
	json_put_text(&w, r->role);
	json_key(&w, "status");
	json_put_text(&w, status_name(c, m));
	put_days(&w, "box_age_days", r->box_days);
	put_days(&w, "silent_days", r->silent_days);
	json_key(&w, "last_seen");
	if (r->when[0] != '\0')
		json_put_text(&w, r->when);
	else
		json_put_null(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static fault
member_row(struct ctx *c, const struct member *m)
{
	struct row r;
	fault f = row_read(&r, c, m);

	if (f != NULL)
		return f;
	if (c->json)
		row_json(c, m, &r);
	else
		row_text(c, m, &r);
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
