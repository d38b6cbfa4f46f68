/*
 * exchange_sync -- one sync with a hub, step by step.
 */
#include "fieldkit/exchange_own.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/box.h"
#include "fieldkit/silence.h"
#include "sync/base/clock.h"
#include "sync/base/lang.h"
#include "sync/pins.h"

#define RACE_MS 30000		/* another coordinator was first: try again */

/* --- sync --------------------------------------------------------------- */

void
exchange_report_free(struct exchange_report *r)
{
	free(r->hub);
	findings_free(&r->findings);
	*r = (struct exchange_report){ .hub = NULL };
}

static fault
note_hub(struct home *h, const char *url, const struct id *id)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home_hub *hub;
	fault f = home_hubs_lock(&lock, h);

	if (f != NULL)
		return f;
	if ((hub = home_hub(h, url)) != NULL) {
		hub->id = *id;
		hub->last_sync = clock_wall_ms();
		f = home_save_hubs(h);
	}
	file_unlock(&lock);
	return f;
}

/*
 * A hub whose signed id is another than at the last visit was made anew, or
 * its id was taken off so that an older state would not be noticed.
 */
static void
other_hub(struct home *h, struct sync *s, struct exchange_report *r)
{
	const struct home_hub *hub = home_hub(h, carry_url(s->carry));
	struct finding f = { .code = FIND_ROLLBACK };

	if (hub == NULL || id_zero(&hub->id) || id_eq(&hub->id, &s->hub))
		return;
	snprintf(f.hub, sizeof f.hub, "%.500s", carry_url(s->carry));
	snprintf(f.ref, sizeof f.ref, "refs/heads/hub");
	snprintf(f.text, sizeof f.text, "%s", say("the hub at this address is "
	    "another than at the last visit; it was given everything that "
	    "this device holds; if nobody made it anew, do not trust it"));
	findings_add(&r->findings, &f);
}

static void
take_findings(struct exchange_report *r, struct sync *s)
{
	for (size_t i = 0; i < s->findings.n; i++)
		findings_add(&r->findings, &s->findings.at[i]);
}

/* Our chain has been continued by a copy of this device. */
static void
copied(struct home *h, struct sync *s, struct exchange_report *r)
{
	struct finding f = { .code = FIND_CLONE, .device = h->device };

	snprintf(f.hub, sizeof f.hub, "%.500s", carry_url(s->carry));
	ref_device(f.ref, &h->device);
	snprintf(f.text, sizeof f.text, "%s", say("a copy of this device has "
	    "written under its name; what you saved here meanwhile is kept, "
	    "under new numbers; tell the coordinator and use one of the two "
	    "only"));
	findings_add(&r->findings, &f);
}

/*
 * Our branch was ahead of what we hold of it.  A kill cannot do that: our own
 * head is durable before it is pushed.  A backup that was restored can, which
 * the person knows who restored it (who is locked cannot look); and so can a
 * head that is lost.
 */
static fault
adopted(struct home *h, struct sync *s, bool held,
    struct exchange_report *r)
{
	bool restored;
	fault f;

	if (!s->adopted || !held || h->master == NULL)
		return NULL;
	if ((f = exchange_restored(h, &restored)) == NULL && !restored)
		copied(h, s, r);
	return f;
}

/* What cannot be sealed today stays saved; the rest of the sync goes on. */
static fault
seal_for_sync(struct home *h, struct sync *s, struct exchange_report *r)
{
	size_t changes, commits, clashes = 0;
	fault f = exchange_seal_own(h, &changes, &commits, &clashes);

	if (clashes > 0)
		copied(h, s, r);
	if (f != NULL && f->code == FAULT_LOCKED) {
		r->stopped = *f;
		f = NULL;
	}
	return f;
}

static fault
pull(struct home *h, struct sync *s, struct exchange_report *r)
{
	struct oid own;
	char ref[REF_MAX];
	fault f;

	if (h->master == NULL && (f = exchange_arrived(h)) != NULL)
		return f;
	ref_device(ref, &h->device);
	if ((f = ref_get(&own, h->site.repo, ref)) != NULL ||
	    (f = sync_fetch_first(s)) != NULL ||
	    (f = adopted(h, s, !oid_zero(&own), r)) != NULL)
		return f;
	if (s->roster_moved && (f = site_reload(&h->site)) != NULL)
		return f;
	if (h->master != NULL) {
		if ((f = exchange_open_envelope(h, r)) != NULL ||
		    (f = exchange_erase(h, r)) != NULL ||
		    (f = exchange_remember(h)) != NULL ||
		    (f = exchange_bind(h, s, r)) != NULL ||
		    /* What we have bound ourselves, too. */
		    (f = exchange_erase(h, r)) != NULL ||
		    (f = exchange_seen_again(h, s)) != NULL)
			return f;
		/* A second writer on our branch: nothing may be added to it. */
		if (!s->frozen && (f = seal_for_sync(h, s, r)) != NULL)
			return f;
	}
	if ((f = sync_fetch_rest(s)) != NULL)
		return f;
	return h->master == NULL ? NULL : exchange_import(h, r);
}

/* The caller holds the home's lock and an open carry. */
fault
exchange_with(struct home *h, struct carry *c, struct exchange_report *r)
{
	struct sync s;
	struct store_counts n;
	fault f;

	if ((f = sync_begin(&s, &h->site, c)) != NULL) {
		take_findings(r, &s);
		goto done;
	}
	if ((f = pull(h, &s, r)) == NULL)
		f = sync_push(&s, h->master == NULL ? NULL : &h->signer);
	take_findings(r, &s);
	r->hub_id = s.hub;
	r->sent += s.sent;
	r->received += s.received;
	r->healed += s.healed;
	r->held_back = s.held_back;
	r->frozen = s.frozen;
	if (f != NULL)
		goto done;
	other_hub(h, &s, r);
	if ((f = note_hub(h, carry_url(c), &s.hub)) != NULL)
		goto done;
	if (h->master == NULL || (f = silence_note(h, &r->findings)) != NULL)
		goto done;
	r->listened = true;
	if ((f = box_synced(h)) == NULL &&
	    (f = store_count(&h->store, &n)) == NULL)
		r->conflicts = n.conflicts;
done:
	sync_end(&s);
	return f;
}

/* A hub that its pre-flight refuses is an alarm as well as a fault. */
fault
exchange_open_hub(struct carry **c, struct home *h, const char *url,
    struct exchange_report *r)
{
	char *locks = home_file(h, "hub-locks");
	struct finding bad = { .code = FIND_HOSTILE_HUB };
	fault f = carry_open(c, url, locks);

	if (f != NULL && f->code == FAULT_TRUST) {
		snprintf(bad.hub, sizeof bad.hub, "%s", url);
		snprintf(bad.text, sizeof bad.text, "%.290s", f->text);
		findings_add(&r->findings, &bad);
	}
	free(locks);
	return f;
}

static fault
sync_locked(struct home *h, const char *url, struct exchange_report *r)
{
	struct carry *c = NULL;
	fault f;

	if ((f = exchange_open_hub(&c, h, url, r)) != NULL)
		return f;
	if ((f = home_site(h)) == NULL && (f = repo_tidy(h->site.repo)) == NULL)
		f = exchange_with(h, c, r);
	carry_close(c);
	return f;
}

fault
exchange_sync(struct home *h, const char *url, struct exchange_report *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	uint64_t until;
	fault f;

	*r = (struct exchange_report){ .hub = mem_text(url) };
	if ((f = home_lock(&lock, h)) != NULL)
		return f;
	/* The winner of a race for roster or main is fetched and built on. */
	until = clock_wall_ms() + RACE_MS;
	while ((f = sync_locked(h, url, r)) != NULL &&
	    f->code == FAULT_RACE && clock_wall_ms() < until)
		poll(NULL, 0, 20 + (int)random_below(100));
	file_unlock(&lock);
	return f;
}

fault
exchange_roster(struct home *h, const char *url, struct fault *given_up)
{
	struct exchange_report r;
	fault f = exchange_sync(h, url, &r);

	*given_up = r.given_up;
	exchange_report_free(&r);
	return f;
}
