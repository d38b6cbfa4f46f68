/*
 * status, digest, doctor -- how things stand.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/doctor.h"
#include "fieldkit/show.h"
#include "sync/base/clock.h"

#define ALARMS_SHOWN 5

struct standing {		/* own changes by how far they have come */
	struct store_counts n;
	uint64_t	undelivered, unaccepted;
	uint64_t	tested;		/* the paper key, when; 0: never */
	bool		restored;	/* ... and not synced since */
	size_t		intents;	/* of the roster, not bound yet */
	struct alarms	alarms;
};

struct counting {
	struct ctx	*c;
	struct progress	p;
	struct standing	*s;
};

static fault
count_record(void *arg, struct record *r)
{
	struct counting *k = arg;
	enum state state;
	fault f = exchange_record_state(&k->c->home, &k->p, r, &state);

	if (f == NULL) {
		k->s->undelivered += state < STATE_DELIVERED;
		k->s->unaccepted += state < STATE_ACCEPTED;
	}
	return f;
}

static fault
stand(struct ctx *c, struct standing *s)
{
	struct counting k = { .c = c, .s = s };
	struct intent *list = NULL;
	fault f;

	if ((f = store_count(&c->home.store, &s->n)) != NULL ||
	    (f = alarms_read(&s->alarms, c->home.path)) != NULL ||
	    (f = exchange_paper_when(&c->home, &s->tested)) != NULL ||
	    (f = exchange_restored(&c->home, &s->restored)) != NULL ||
	    (f = intent_list(&c->home.store, &list, &s->intents)) != NULL)
		return f;
	intents_free(list, s->intents);
	if ((f = exchange_progress(&c->home, &k.p)) == NULL)
		f = store_each(&c->home.store, BYTES_EMPTY, true,
		    count_record, &k);
	progress_free(&k.p);
	return f;
}

static void
hubs_json(struct ctx *c, struct json_out *w)
{
	char when[32];

	json_key(w, "hubs");
	json_open(w, '[');
	for (size_t i = 0; i < c->home.nhubs; i++) {
		const struct home_hub *h = &c->home.hubs[i];

		json_open(w, '{');
		json_key(w, "name");
		json_put_text(w, h->name);
		json_key(w, "url");
		json_put_text(w, h->url);
		json_key(w, "last_sync");
		clock_text(when, h->last_sync);
		if (h->last_sync != 0)
			json_put_text(w, when);
		else
			json_put_null(w);
		json_close(w);
	}
	json_close(w);
}

/* What the project would need if devices were lost tomorrow. */
static void
recovery_json(struct ctx *c, struct json_out *w, const struct standing *s)
{
	char when[32];

	json_key(w, "coordinators");
	json_put_int(w, (int64_t)roster_coordinators(c->home.site.roster));
	json_key(w, "recovery_tested");
	clock_text(when, s->tested);
	if (s->tested != 0)
		json_put_text(w, when);
	else
		json_put_null(w);
	json_key(w, "restored");
	json_put_bool(w, s->restored);
}

static void
status_json(struct ctx *c, const struct standing *s)
{
	const struct { const char *name; uint64_t n; } counts[] = {
		{ "records", s->n.records }, { "unsealed", s->n.unsealed },
		{ "undelivered", s->undelivered },
		{ "unaccepted", s->unaccepted },
		{ "conflicts", s->n.conflicts },
		{ "quarantined", s->n.quarantined } };
	struct json_out w = json_writer(&c->out);
	char hex[HASH_HEX];

	json_open(&w, '{');
	json_key(&w, "project");
	json_put_text(&w, id_hex(hex, &c->home.project));
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &c->home.device));
	json_key(&w, "role");
	json_put_text(&w, role_name(c->role));
	json_key(&w, "genesis");
	json_put_text(&w, hash_hex(hex, &c->home.genesis));
	json_key(&w, "practice");
	json_put_bool(&w, c->home.practice);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		json_key(&w, counts[i].name);
		json_put_int(&w, (int64_t)counts[i].n);
	}
	recovery_json(c, &w, s);
	hubs_json(c, &w);
	json_key(&w, "alarms");
	json_alarms(&w, &s->alarms);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static void
status_hubs(struct ctx *c)
{
	char when[32];

	if (c->home.nhubs == 0)
		out(c, "No hub yet: 'fieldkit hub add NAME FOLDER'.\n");
	for (size_t i = 0; i < c->home.nhubs; i++) {
		clock_text(when, c->home.hubs[i].last_sync);
		out(c, "Hub %s: last sync %s\n", c->home.hubs[i].name,
		    c->home.hubs[i].last_sync != 0 ? when : say("never"));
	}
}

static void
status_alarm(struct ctx *c, const struct alarm *a)
{
	char name[128] = "";

	if (!id_zero(&a->finding.device))
		show_device(c, &a->finding.device, name, sizeof name);
	out(c, "  %llu. %s: %s%s%s\n", (unsigned long long)a->number,
	    finding_name(a->finding.code), name, name[0] == '\0' ? "" : ": ",
	    say(a->finding.text));
}

/* By the numbers that they are dismissed with; a screen has room for few. */
static void
status_alarms(struct ctx *c, const struct alarms *as)
{
	size_t n = 0;

	for (size_t i = 0; i < as->n; i++)
		n += !as->at[i].dismissed;
	if (n > 0)
		out(c, "%zu ALARMS stand: 'fieldkit alarms' shows them.\n", n);
	if (n > ALARMS_SHOWN)
		return;
	for (size_t i = 0; i < as->n; i++)
		if (!as->at[i].dismissed)
			status_alarm(c, &as->at[i]);
}

static void
status_text(struct ctx *c, const struct standing *s)
{
	const struct roster *ro = c->home.site.roster;
	const struct member *me = roster_member(ro, &c->home.device);

	out(c, "%s (%s)\n", ro->title == NULL ? "" : ro->title,
	    say(role_name(c->role)));
	out(c, "%llu records; %llu in conflict.\n",
	    (unsigned long long)s->n.records,
	    (unsigned long long)s->n.conflicts);
	if (s->n.unsealed > 0)
		out(c, "%llu changes are not sealed: the nightly run will not "
		    "send them; 'fieldkit sync', or lock.\n",
		    (unsigned long long)s->n.unsealed);
	out(c, "%llu records are not on a hub yet; %llu are not accepted "
	    "yet.\n", (unsigned long long)s->undelivered,
	    (unsigned long long)s->unaccepted);
	if (s->n.quarantined > 0)
		out(c, "%llu changes are in quarantine.\n",
		    (unsigned long long)s->n.quarantined);
	status_hubs(c);
	status_alarms(c, &s->alarms);
	if (me != NULL && me->status == MEMBER_CUT)
		out(c, "This device is no longer a member: nothing more can be "
		    "sent from it; ask a coordinator.\n");
	if (s->intents > 0)
		out(c, "%zu changes of the roster wait for the home hub; they "
		    "count once you have synced with it.\n", s->intents);
	if (roster_coordinators(ro) < 2)
		out(c, "There is one coordinator device: if it is lost, only "
		    "the paper key helps.\n");
	if (s->restored)
		out(c, "This device was restored from a backup: until it has "
		    "synced, what you save stays unsealed.\n");
	if (s->tested == 0 && c->role == ROLE_COORDINATOR)
		out(c, "The recovery key was never tried here: 'fieldkit "
		    "recover --test'.\n");
	if (ro->unreadable > 0)
		out(c, "%zu entries of the roster cannot be read here; tell "
		    "the coordinator.\n", (size_t)ro->unreadable);
	if (ro->newer)
		out(c, "A colleague uses a newer version: update fieldkit.\n");
}

fault
cmd_status(struct ctx *c)
{
	struct standing s = { .undelivered = 0 };
	fault f;

	if ((f = cmd_unlock_site(c)) == NULL && (f = stand(c, &s)) == NULL) {
		if (c->json)
			status_json(c, &s);
		else
			status_text(c, &s);
	}
	alarms_free(&s.alarms);
	return f;
}

/* --- digest ------------------------------------------------------------- */

fault
cmd_digest(struct ctx *c)
{
	struct json_out w = json_writer(&c->out);
	struct digest d;
	char hex[HASH_HEX];
	fault f;

	if ((f = cmd_unlock(c)) != NULL ||
	    (f = store_digest(&c->home.store, &d)) != NULL)
		return f;
	if (!c->json) {
		buf_text(&c->out, "%s\n", hash_hex(hex, &d.all));
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "digest");
	json_put_text(&w, hash_hex(hex, &d.all));
	json_key(&w, "records");
	json_put_int(&w, (int64_t)d.records);
	json_key(&w, "changes");
	json_put_int(&w, (int64_t)d.changes);
	json_key(&w, "compartments");
	json_open(&w, '{');
	for (int i = 0; i < COMP_COUNT; i++) {
		if (!d.whole[i])
			continue;
		json_key(&w, comp_name((enum compartment)i));
		json_put_text(&w, hash_hex(hex, &d.comp[i]));
	}
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}
