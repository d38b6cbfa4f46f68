#include "fieldkit/exchange.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/alarms.h"
#include "fieldkit/progress.h"
#include "fieldkit/search.h"
#include "sync/base/clock.h"
#include "sync/base/lang.h"
#include "sync/collect.h"
#include "sync/publish.h"

#define MERGE_MS 30000

/* --- out: seal ---------------------------------------------------------- */

struct sealing {
	struct home	*home;
	struct change	*changes;
};

/* A commit is durable: remember which of our dots it carries, as runs. */
static fault
sealed(void *arg, uint64_t seq, size_t first, size_t n)
{
	struct sealing *s = arg;
	struct store *st = &s->home->store;
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	for (size_t i = 0, run; f == NULL && i < n; i += run) {
		const struct change *c = &s->changes[first + i];

		for (run = 1; i + run < n &&
		    c[run].dot.n == c->dot.n + run; run++)
			;
		f = store_carried(st, &s->home->device, seq, c->dot.n,
		    c->dot.n + run - 1);
	}
	if (f == NULL)
		f = store_set_opened(st, &s->home->device, seq);
	return db_end(st->db, f);
}

/* The join line waits in a setting until our first commit has carried it. */
static fault
join_waiting(struct home *h, struct join *j, bool *waiting)
{
	struct buf b = BUF_EMPTY;
	struct oid head;
	char ref[REF_MAX];
	fault f = store_get(&h->store, "join", &b);

	*waiting = f == NULL && b.len == sizeof *j;
	if (*waiting)
		memcpy(j, b.at, sizeof *j);
	ref_device(ref, &h->device);
	if (f == NULL && *waiting) {
		f = repo_ref(&head, h->site.repo, ref);
		if (f == NULL)
			*waiting = false;
		else if (f->code == FAULT_ABSENT)
			f = NULL;
	}
	buf_free(&b);
	return f;
}

/*
 * A kill between a commit and its mark in the database leaves our own branch
 * ahead: what it carries is marked before anything new is sealed.
 */
static fault
own_taken(void *arg, const struct collected *c)
{
	struct home *h = arg;
	const struct segment *s = c->segment;
	fault f;

	if ((f = db_begin(h->db)) != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < s->nchanges; i++) {
		f = store_put(&h->store, &s->changes[i], NULL);
		if (f != NULL && f->code == FAULT_TRUST)
			f = NULL;	/* quarantined by the store; go on */
		if (f == NULL)
			f = store_carried(&h->store, &h->device,
			    c->commit->seq, s->changes[i].dot.n,
			    s->changes[i].dot.n);
	}
	if (f == NULL)
		f = store_set_opened(&h->store, &h->device, c->commit->seq);
	return db_end(h->db, f);
}

static fault
adopt_own(struct home *h)
{
	uint64_t opened;
	fault f = store_opened(&h->store, &h->device, &opened);

	return f != NULL ? f :
	    collect(&h->site, &h->device, opened, own_taken, h);
}

fault
exchange_seal(struct home *h, size_t *changes, size_t *commits)
{
	struct buf text = BUF_EMPTY;
	struct change *own = NULL;
	const struct change **list = NULL;
	struct sealing s;
	struct publish p = { .done = sealed };
	struct join join;
	bool joining = false;
	size_t n = 0;
	fault f;

	*changes = *commits = 0;
	if ((f = adopt_own(h)) != NULL)
		goto done;
	if ((f = join_waiting(h, &join, &joining)) != NULL)
		goto done;
	if ((f = store_unsealed(&h->store, &own, &n, &text)) != NULL)
		goto done;
	list = mem_new(n * sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = &own[i];
	s = (struct sealing){ h, own };
	p.changes = list;
	p.nchanges = n;
	p.join = joining ? &join : NULL;
	p.arg = &s;
	if ((f = publish(&h->site, &p, &h->signer, commits)) == NULL)
		*changes = n;
done:
	for (size_t i = 0; i < n; i++)
		change_free(&own[i]);
	free(own);
	free(list);
	buf_free(&text);
	return f;
}

/* --- in: import --------------------------------------------------------- */

struct importing {
	struct home	*home;
	const struct id	*device;
	size_t		new;
	struct findings	*odd;		/* clocks */
	struct progress_bar *bar;
	size_t		changes;	/* opened so far, of all devices */
};

/* One segment: all of it and the mark that it was opened, or nothing. */
static fault
imported(void *arg, const struct collected *c)
{
	struct importing *in = arg;
	struct store *st = &in->home->store;
	const struct segment *s = c->segment;
	fault f;
	bool new;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	for (size_t i = 0, run = 1; f == NULL && i < s->nchanges; i++) {
		f = store_put(st, &s->changes[i], &new);
		if (f != NULL && f->code == FAULT_TRUST)
			f = NULL;	/* quarantined by the store; go on */
		else
			in->new += f == NULL && new;
		if (f == NULL && i + 1 < s->nchanges &&
		    s->changes[i + 1].dot.n == s->changes[i].dot.n + 1) {
			run++;
			continue;
		}
		if (f == NULL)
			f = store_carried(st, in->device, c->commit->seq,
			    s->changes[i].dot.n - run + 1, s->changes[i].dot.n);
		run = 1;
	}
	if (f == NULL)
		f = store_set_opened(st, in->device, c->commit->seq);
	odd_clock_find(in->odd, roster_member(in->home->site.roster, in->device),
	    s);
	in->changes += s->nchanges;
	progress_step(in->bar, in->changes, 0);
	return db_end(st->db, f);
}

static fault
import_one(struct importing *in, const struct id *device)
{
	uint64_t opened;
	fault f = store_opened(&in->home->store, device, &opened);

	in->device = device;
	if (f == NULL)
		f = collect(&in->home->site, device, opened, imported, in);
	return f;
}

/* A chain that does not open stops alone; the others go on. */
static fault
import(struct home *h, struct exchange_report *r)
{
	const struct roster *ro = h->site.roster;
	struct progress_bar bar;
	struct importing in = { .home = h, .odd = &r->findings, .bar = &bar };
	fault f = NULL;

	progress_begin(&bar, "opening changes");
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		if (id_eq(&ro->members[i].device, &h->device))
			continue;
		f = import_one(&in, &ro->members[i].device);
		if (f != NULL && (f->code == FAULT_TRUST ||
		    f->code == FAULT_FORMAT || f->code == FAULT_LOCKED)) {
			r->stopped = f;
			f = NULL;
		}
	}
	progress_end(&bar);
	r->imported += in.new;
	if (f == NULL && in.new > 0 &&
	    (f = search_start(h->db)) == NULL)
		f = search_update(&h->store);
	return f;
}

/* --- what a save needs of the roster ------------------------------------ */

static fault
remember(struct home *h, const char *name, struct bytes value)
{
	struct buf now = BUF_EMPTY;
	fault f = store_get(&h->store, name, &now);

	if (f == NULL && !bytes_eq(buf_view(&now), value))
		f = store_set(&h->store, name, value);
	buf_free(&now);
	return f;
}

/* Roster entries have no time: a box key's age counts from when it was first
 * seen here. */
static fault
remember_box(struct home *h, const struct member *m)
{
	struct buf now = BUF_EMPTY;
	char name[ID_HEX + 4], hex[ID_HEX];
	uint64_t ms = clock_wall_ms();
	struct reader r;
	fault f;

	snprintf(name, sizeof name, "box/%s", id_hex(hex, &m->device));
	if ((f = store_get(&h->store, name, &now)) != NULL)
		goto done;
	r = reader_of(buf_view(&now));
	if (bytes_eq(get_bytes(&r, 32), (struct bytes){ m->box_pk, 32 }))
		goto done;
	buf_clear(&now);
	buf_add(&now, m->box_pk, 32);
	put_u64(&now, ms);
	f = store_set(&h->store, name, buf_view(&now));
done:
	buf_free(&now);
	return f;
}

fault
exchange_box_age(struct home *h, const struct id *device, int64_t *days)
{
	struct buf now = BUF_EMPTY;
	char name[ID_HEX + 4], hex[ID_HEX];
	uint64_t ms = clock_wall_ms(), since;
	struct reader r;
	fault f;

	*days = -1;
	snprintf(name, sizeof name, "box/%s", id_hex(hex, device));
	if ((f = store_get(&h->store, name, &now)) == NULL && now.len == 40) {
		r = reader_of(buf_view(&now));
		get_bytes(&r, 32);
		since = get_u64(&r);
		*days = since > ms ? 0 : (int64_t)((ms - since) / 86400000);
	}
	buf_free(&now);
	return f;
}

fault
exchange_remember(struct home *h)
{
	const struct roster *ro = h->site.roster;
	const struct member *me = roster_member(ro, &h->device);
	uint8_t role = me == NULL ? 0 : (uint8_t)me->role;
	fault f = NULL;

	if (ro->pack.len > 0)
		f = remember(h, "pack", buf_view(&ro->pack));
	if (f == NULL && role != 0)
		f = remember(h, "role", (struct bytes){ &role, 1 });
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (ro->members[i].status == MEMBER_ACTIVE)
			f = remember_box(h, &ro->members[i]);
	return f;
}

/* --- the home hub ------------------------------------------------------- */

/* While the roster names no home, the first hub that its one coordinator
 * syncs with becomes it. */
static fault
settle_home(struct home *h, struct sync *s)
{
	const struct member *me = roster_member(h->site.roster, &h->device);
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	fault f;

	if (!id_zero(&h->site.roster->home) || me == NULL ||
	    !(me->caps & CAP_COORDINATE) || me->status != MEMBER_ACTIVE)
		return NULL;
	if ((f = sync_name_hub(s, &h->signer)) != NULL)
		goto done;
	entry_home(&e, &s->hub);
	if ((f = entry_finish(&blob, &e, roster_epoch(h->site.roster)->e,
	    h->keys, h->site.squeeze)) != NULL)
		goto done;
	if ((f = site_append(&oid, &h->site, "refs/heads/roster", &c,
	    buf_view(&blob), &h->signer)) == NULL)
		f = site_reload(&h->site);
done:
	entry_free(&e);
	buf_free(&blob);
	return f;
}

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
	struct home_hub *hub = home_hub(h, url);

	if (hub == NULL)
		return NULL;
	hub->id = *id;
	hub->last_sync = clock_wall_ms();
	return home_save_hubs(h);
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

static fault
pull(struct home *h, struct sync *s, struct exchange_report *r)
{
	size_t changes, commits;
	fault f;

	if ((f = sync_fetch_first(s)) != NULL)
		return f;
	if (s->roster_moved && (f = site_reload(&h->site)) != NULL)
		return f;
	if (h->master != NULL) {
		if ((f = exchange_remember(h)) != NULL ||
		    (f = settle_home(h, s)) != NULL)
			return f;
		/* A second writer on our branch: nothing may be added to it. */
		if (!s->frozen &&
		    (f = exchange_seal(h, &changes, &commits)) != NULL)
			return f;
	}
	if ((f = sync_fetch_rest(s)) != NULL)
		return f;
	return h->master == NULL ? NULL : import(h, r);
}

/* The caller holds the home's lock and an open carry. */
static fault
sync_with(struct home *h, struct carry *c, struct exchange_report *r)
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
	if (f != NULL)
		goto done;
	other_hub(h, &s, r);
	if ((f = note_hub(h, carry_url(c), &s.hub)) != NULL)
		goto done;
	if (h->master != NULL &&
	    (f = store_count(&h->store, &n)) == NULL)
		r->conflicts = n.conflicts;
done:
	sync_end(&s);
	return f;
}

/* A hub that its pre-flight refuses is an alarm as well as a fault. */
static fault
open_hub(struct carry **c, struct home *h, const char *url,
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

	if ((f = open_hub(&c, h, url, r)) != NULL)
		return f;
	if ((f = home_site(h)) == NULL && (f = repo_tidy(h->site.repo)) == NULL)
		f = sync_with(h, c, r);
	carry_close(c);
	return f;
}

fault
exchange_sync(struct home *h, const char *url, struct exchange_report *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f;

	*r = (struct exchange_report){ .hub = mem_text(url) };
	if ((f = home_lock(&lock, h)) != NULL)
		return f;
	/* The winner of a race for roster or main is fetched and built on. */
	f = sync_locked(h, url, r);
	for (int i = 0; i < 5 && f != NULL && f->code == FAULT_RACE; i++)
		f = sync_locked(h, url, r);
	file_unlock(&lock);
	return f;
}

fault
exchange_roster(struct home *h, const char *url)
{
	struct exchange_report r;
	fault f = exchange_sync(h, url, &r);

	exchange_report_free(&r);
	return f;
}

/* --- merge -------------------------------------------------------------- */

/* The first commit of a joiner's chain, with its join line. */
static fault
first_commit(struct home *h, const struct id *device, struct commit *c)
{
	char ref[REF_MAX];
	struct oid head, first;
	fault f;

	ref_device(ref, device);
	if ((f = repo_ref(&head, h->site.repo, ref)) != NULL)
		return f;
	if ((f = chain_at(&first, &h->site, &head, 1)) != NULL)
		return f;
	return site_commit(c, &h->site, &first);
}

/* Collect into e an admit item for everyone who has joined in time. */
static fault
admissions(struct home *h, struct entry *e, size_t *n)
{
	const struct roster *ro = h->site.roster;
	uint64_t now = clock_wall_ms() / 1000;
	struct commit c;
	fault f;

	*n = 0;
	for (size_t i = 0; i < ro->nmembers; i++) {
		const struct member *m = &ro->members[i];

		if (m->status != MEMBER_INVITED || m->expires < now)
			continue;
		f = first_commit(h, &m->device, &c);
		if (f != NULL && f->code == FAULT_ABSENT)
			continue;
		if (f != NULL)
			return f;
		if (!c.has_join || !join_ok(&c.join, m->once_pk) ||
		    !hash_eq(&c.join.file, &m->file))
			continue;
		entry_admit(e, &m->device, c.join.sign_pk, c.join.box_pk);
		++*n;
	}
	return NULL;
}

static fault
admit(struct home *h, size_t *n)
{
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	fault f;

	if ((f = admissions(h, &e, n)) != NULL || *n == 0)
		goto done;
	if ((f = entry_finish(&blob, &e, roster_epoch(h->site.roster)->e,
	    h->keys, h->site.squeeze)) != NULL)
		goto done;
	if ((f = site_append(&oid, &h->site, "refs/heads/roster", &c,
	    buf_view(&blob), &h->signer)) == NULL)
		f = site_reload(&h->site);
done:
	entry_free(&e);
	buf_free(&blob);
	return f;
}

/* Verified heads of everyone admitted, up to a cut. */
static fault
heads(struct home *h, struct accepted **out, size_t *n)
{
	const struct roster *ro = h->site.roster;
	struct accepted *at = mem_new(ro->nmembers * sizeof *at);
	struct commit c;
	char ref[REF_MAX];
	fault f = NULL;

	*n = 0;
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		if (ro->members[i].admitted_at == 0 &&
		    ro->members[i].invited_at != 0)
			continue;
		ref_device(ref, &ro->members[i].device);
		f = site_head(&c, &at[*n].oid, &h->site, ref);
		if (f != NULL && f->code == FAULT_ABSENT) {
			f = NULL;
			continue;
		}
		at[*n].device = ro->members[i].device;
		at[*n].seq = c.seq;
		at[(*n)++].hash = c.hash;
	}
	*out = at;
	return f;
}

static fault
merge_heads(struct home *h, struct merge_report *r)
{
	struct accepted *at = NULL;
	struct merged_head *more = NULL;
	size_t n = 0, nmore = 0;
	fault f;

	if ((f = heads(h, &at, &n)) == NULL)
		f = mainline_merge(&h->site, at, n, &h->signer, &more, &nmore);
	if (f == NULL && nmore > 0) {
		free(r->merged);
		r->merged = more;
		r->nmerged = nmore;
		more = NULL;
	}
	free(more);
	free(at);
	return f;
}

void
merge_report_free(struct merge_report *r)
{
	exchange_report_free(&r->sync);
	free(r->merged);
	*r = (struct merge_report){ .merged = NULL };
}

/* main binds on the home hub alone: elsewhere two could disagree. */
static fault
at_home(struct home *h, const struct merge_report *r)
{
	if (id_eq(&h->site.roster->home, &r->sync.hub_id))
		return NULL;
	return fault_new(FAULT_HUB, "%s is not the project's home hub; "
	    "everything was synced, nothing was merged; merge with the home "
	    "hub", r->sync.hub);
}

/* One round: sync, admit and bind, import, merge, push. */
static fault
merge_round(struct home *h, struct carry *c, struct merge_report *r)
{
	size_t admitted = 0;
	fault f;

	if ((f = sync_with(h, c, &r->sync)) != NULL ||
	    (f = at_home(h, r)) != NULL)
		return f;
	if ((f = admit(h, &admitted)) != NULL)
		return f;
	if (admitted > 0 && (f = sync_with(h, c, &r->sync)) != NULL)
		return f;
	r->admitted += admitted;
	if ((f = merge_heads(h, r)) != NULL)
		return f;
	return sync_with(h, c, &r->sync);
}

/*
 * Who loses the race for main takes the hub's main and merges again on top;
 * our own merge commit, which nobody has seen, is dropped.
 */
static fault
drop_own_main(struct home *h, const struct oid *before)
{
	struct oid now;
	fault f = repo_ref(&now, h->site.repo, "refs/heads/main");

	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	if (oid_eq(&now, before))
		return NULL;
	if (oid_zero(before))
		return repo_ref_delete(h->site.repo, "refs/heads/main");
	return repo_ref_move(h->site.repo, "refs/heads/main", &now, before);
}

static fault
main_now(struct home *h, struct oid *oid)
{
	fault f = repo_ref(oid, h->site.repo, "refs/heads/main");

	if (f != NULL && f->code == FAULT_ABSENT) {
		*oid = (struct oid){ { 0 } };
		return NULL;
	}
	return f;
}

static fault
merge_locked(struct home *h, const char *url, struct merge_report *r)
{
	uint64_t until = clock_wall_ms() + MERGE_MS;
	struct carry *c = NULL;
	struct oid before;
	fault f, g;

	if ((f = open_hub(&c, h, url, &r->sync)) != NULL)
		return f;
	if ((f = home_site(h)) != NULL)
		goto done;
	for (;;) {
		if ((f = repo_tidy(h->site.repo)) != NULL ||
		    (f = main_now(h, &before)) != NULL)
			break;
		f = merge_round(h, c, r);
		if (f == NULL || f->code != FAULT_RACE ||
		    clock_wall_ms() > until)
			break;
		if ((g = drop_own_main(h, &before)) != NULL) {
			f = g;
			break;
		}
		poll(NULL, 0, 50 + (int)random_below(200));
	}
	if (f == NULL)
		f = main_now(h, &r->main);
done:
	carry_close(c);
	return f;
}

fault
exchange_merge(struct home *h, const char *url, struct merge_report *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f;

	*r = (struct merge_report){ .sync = { .hub = mem_text(url) } };
	if ((f = home_lock(&lock, h)) != NULL)
		return f;
	f = merge_locked(h, url, r);
	file_unlock(&lock);
	return f;
}

/* --- how far ------------------------------------------------------------ */

const char *
state_name(enum state s)
{
	static const char *const names[] = { "saved", "sealed", "delivered",
	    "accepted" };

	return names[s];
}

void
progress_free(struct progress *p)
{
	free(p->at);
	*p = (struct progress){ NULL, 0 };
}

static fault
accepted_read(struct home *h, struct mainline *m)
{
	struct oid head;
	fault f = main_now(h, &head);

	*m = (struct mainline){ .n = 0 };
	if (f != NULL || oid_zero(&head))
		return f;
	return mainline_read(m, &h->site, &head);
}

fault
exchange_progress(struct home *h, struct progress *p)
{
	struct mainline m = { .n = 0 };
	const struct roster *ro;
	fault f;

	*p = (struct progress){ NULL, 0 };
	if ((f = home_site(h)) != NULL ||
	    (f = accepted_read(h, &m)) != NULL)
		goto done;
	ro = h->site.roster;
	p->at = mem_new(ro->nmembers * sizeof *p->at);
	p->n = ro->nmembers;
	for (size_t i = 0; f == NULL && i < p->n; i++) {
		p->at[i].device = ro->members[i].device;
		f = sync_delivered(&p->at[i].delivered, &h->site,
		    &p->at[i].device);
		for (size_t k = 0; k < m.n; k++)
			if (id_eq(&m.at[k].device, &p->at[i].device))
				p->at[i].accepted = m.at[k].seq;
		if (ro->members[i].cut_at != 0 &&
		    p->at[i].accepted > ro->members[i].cut_seq)
			p->at[i].accepted = ro->members[i].cut_seq;
	}
done:
	mainline_free(&m);
	return f;
}

fault
exchange_state(struct home *h, const struct progress *p,
    const struct dot *dot, enum state *out)
{
	uint64_t seq;
	fault f = store_carrier(&h->store, dot, &seq);

	if (f != NULL)
		return f;
	*out = seq == 0 ? STATE_SAVED : STATE_SEALED;
	for (size_t i = 0; seq != 0 && i < p->n; i++) {
		if (!id_eq(&p->at[i].device, &dot->device))
			continue;
		if (p->at[i].accepted >= seq)
			*out = STATE_ACCEPTED;
		else if (p->at[i].delivered >= seq)
			*out = STATE_DELIVERED;
	}
	return NULL;
}

fault
exchange_record_state(struct home *h, const struct progress *p,
    const struct record *r, enum state *out)
{
	enum state one;
	fault f = NULL;

	*out = STATE_ACCEPTED;
	for (size_t i = 0; f == NULL && i < r->nchanges; i++) {
		f = exchange_state(h, p, &r->changes[i].dot, &one);
		if (f == NULL && one < *out)
			*out = one;
	}
	return f;
}

fault
exchange_commit(struct home *h, const struct dot *dot, struct oid *out)
{
	struct oid head;
	char ref[REF_MAX];
	uint64_t seq;
	fault f;

	*out = (struct oid){ { 0 } };
	if ((f = store_carrier(&h->store, dot, &seq)) != NULL || seq == 0)
		return f;
	ref_device(ref, &dot->device);
	if ((f = home_site(h)) != NULL ||
	    (f = repo_ref(&head, h->site.repo, ref)) != NULL)
		return f;
	return chain_at(out, &h->site, &head, seq);
}
