#include "tests/sim/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/edit.h"
#include "sync/base/clock.h"
#include "sync/base/secret.h"

const char *const act_names[ACT_COUNT] = { "add", "edit", "set", "withdraw",
    "resolve", "seal", "sync", "merge", "lock", "rebuild" };

fault
device_open(struct device *d)
{
	fault f;

	if (d->open)
		return NULL;
	if ((f = home_open(&d->home, d->path)) != NULL)
		return f;
	d->open = true;
	if (!d->locked && (f = home_unlock(&d->home,
	    secret_copy(d->master, MASTER_LEN))) != NULL)
		return f;
	return home_site(&d->home);
}

void
device_close(struct device *d)
{
	if (d->open)
		home_close(&d->home);
	d->open = false;
}

void
device_clock(struct world *w, int d)
{
	int64_t ms = (int64_t)w->now + w->devices[d].skew;

	clock_set(ms < 1000 ? 1000 : (uint64_t)ms);
}

fault
device_toggle(struct world *w, int d)
{
	struct device *dev = &w->devices[d];

	device_close(dev);
	dev->locked = !dev->locked;
	device_clock(w, d);
	return device_open(dev);
}

/* ---- saving ------------------------------------------------------------- */

struct pen {			/* who writes what */
	struct world	*w;
	struct store	*store;
	struct editor	editor;
	struct dice	dice;
	struct id	record;
	struct record	was;		/* what is written borrows from it */
	bool		none;		/* there was nothing to do */
	bool		closed;
};

static const char *const words[] = { "rain", "sun", "wind", "fog", "hail" };

/* Any record that this device has; false if it has none. */
static fault
pick_record(struct pen *p, const char *count, const char *nth)
{
	struct stmt *s = db_prepare(p->store->db, count);
	struct bytes id;
	bool row;
	fault f = stmt_step(s, &row);
	int64_t n = f == NULL && row ? stmt_get_int(s, 0) : 0;

	stmt_reset(s);
	p->none = n == 0;
	if (f != NULL || n == 0)
		return f;
	s = db_prepare(p->store->db, nth);
	stmt_int(s, 1, dice_below(&p->dice, (unsigned)n));
	if ((f = stmt_step(s, &row)) == NULL) {
		id = stmt_get(s, 0);
		memcpy(p->record.b, id.at, sizeof p->record.b);
	}
	stmt_reset(s);
	return f;
}

static fault
write_new(struct pen *p, struct edit *e)
{
	char text[64];
	struct assign as[2] = {
		{ bytes_of("date"), bytes_of("2026-09-01"), ASSIGN_SET },
		{ bytes_of("narrative"), { NULL, 0 }, ASSIGN_SET },
	};
	fault f;

	snprintf(text, sizeof text, "note %u %s", dice_below(&p->dice, 1000),
	    words[dice_below(&p->dice, 5)]);
	as[1].value = bytes_of(text);
	if ((f = edit_create(e, &p->editor, bytes_of("observation"), as,
	    2)) != NULL)
		return f;
	e->change.record = id_record(clock_wall_ms());
	return store_next_index(p->store, &e->change.index);
}

static struct assign
some_assignment(struct pen *p, enum act act, char text[64])
{
	if (act == ACT_SET)
		return (struct assign){ bytes_of("sources"), bytes_of(
		    words[dice_below(&p->dice, 5)]),
		    dice_percent(&p->dice, 30) ? ASSIGN_REMOVE : ASSIGN_ADD };
	snprintf(text, 64, "%s %u", words[dice_below(&p->dice, 5)],
	    dice_below(&p->dice, 4));
	if (dice_percent(&p->dice, 8)) {
		p->closed = true;
		return (struct assign){ bytes_of("safety_note"),
		    bytes_of(text), ASSIGN_SET };
	}
	return (struct assign){ bytes_of(dice_percent(&p->dice, 50) ?
	    "spot_name" : "interpretation"), bytes_of(text), ASSIGN_SET };
}

static fault
write_edit(struct pen *p, struct edit *e, const struct record *r,
    enum act act)
{
	struct assign as;
	char text[64];

	if (act == ACT_WITHDRAW)
		return edit_withdraw(e, &p->editor, r, r->merged.withdrawn);
	as = some_assignment(p, act, text);
	return edit_record(e, &p->editor, r, &as, 1);
}

/* A person keeps one of the values that stand. */
static fault
write_resolution(struct pen *p, struct edit *e, const struct record *r)
{
	for (size_t i = 0; i < r->merged.nfields; i++) {
		const struct merged_field *f = &r->merged.fields[i];

		if (f->conflict && !f->items[0].withheld &&
		    !bytes_is(f->name, "withdrawn"))
			return edit_resolve(e, &p->editor, r, f->name,
			    &f->items[dice_below(&p->dice,
			    (unsigned)f->nitems)].dot, BYTES_EMPTY);
	}
	p->none = true;
	return NULL;
}

static fault
write_more(struct pen *p, struct edit *e, enum act act)
{
	struct record *r = &p->was;
	fault f = act == ACT_RESOLVE ?
	    pick_record(p, "SELECT count(*) FROM record WHERE conflicts > 0",
	    "SELECT id FROM record WHERE conflicts > 0 ORDER BY id "
	    "LIMIT 1 OFFSET ?") :
	    pick_record(p, "SELECT count(*) FROM record",
	    "SELECT id FROM record ORDER BY id LIMIT 1 OFFSET ?");

	if (f != NULL || p->none)
		return f;
	if ((f = store_record(p->store, r, &p->record)) == NULL)
		f = act == ACT_RESOLVE ? write_resolution(p, e, r) :
		    write_edit(p, e, r, act);
	/* Not this role's to set, withdrawn, or already so: no step. */
	if (f != NULL && (f->code == FAULT_INVALID ||
	    f->code == FAULT_LOCKED)) {
		p->none = true;
		f = NULL;
	}
	return f;
}

static fault
put(struct pen *p, enum act act, struct outcome *o)
{
	struct edit e = EDIT_EMPTY;
	struct buf body = BUF_EMPTY;
	fault f = act == ACT_ADD ? write_new(p, &e) : write_more(p, &e, act);

	if (f == NULL && !p->none)
		f = store_put(p->store, &e.change, NULL);
	if (f == NULL && !p->none) {
		change_encode(&body, &e.change);
		o->body = hash_of(buf_view(&body));
		o->n = e.change.dot.n;
		o->closed = p->closed;
	}
	buf_free(&body);
	edit_free(&e);
	record_free(&p->was);
	return f;
}

fault
device_save(struct world *w, int d, enum act act, struct dice dice,
    bool *saved)
{
	struct home *h = &w->devices[d].home;
	struct pen p = { .w = w, .store = &h->store, .dice = dice };
	fault f;

	p.editor = (struct editor){ w->pack, h->device,
	    d == 0 ? ROLE_COORDINATOR : ROLE_WORKER };
	if ((f = db_begin(h->db)) != NULL)
		return f;
	f = db_end(h->db, put(&p, act, w->out));
	*saved = f == NULL && !p.none;
	/* From here on somebody was told that it is saved. */
	w->out->acked = *saved;
	return f;
}
