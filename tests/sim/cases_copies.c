/*
 * cases_copies -- B5, B6, B8: one device twice, a device from last month, and
 * a key in the wrong hands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/base/file.h"
#include "tests/sim/cases.h"
#include "tests/sim/device.h"
#include "tests/sim/hub.h"

#define NOTES 10

/*
 * The copy lives beside the world: what it does is not judged by the model,
 * which knows one d1 only.  While it acts it stands in d1's place.
 */
struct twins {
	struct world	*w;
	struct device	copy;
	struct findings	found[2];	/* by d1, by its copy */
};

static void
change_places(struct twins *t)
{
	struct device d = t->w->devices[1];

	t->w->devices[1] = t->copy;
	t->copy = d;
}

static void
copy_device(struct twins *t, struct world *w)
{
	*t = (struct twins){ .w = w,
	    .copy = { .path = "c1", .master = w->devices[1].master } };
	in_step(w);
	device_close(&w->devices[1]);
	must_work(w, image_copy("d1", "c1"));
	must_work(w, device_open(&w->devices[1]));
	must_work(w, device_open(&t->copy));
}

static void
end_copy(struct twins *t)
{
	device_close(&t->copy);
	findings_free(&t->found[0]);
	findings_free(&t->found[1]);
	must_work(t->w, file_remove_tree("c1"));
}

static void
twin_notes(struct twins *t, int who)
{
	struct dice dice = { (uint64_t)who };
	bool saved = true;

	if (who == 1)
		change_places(t);
	for (int i = 0; i < NOTES && saved; i++) {
		clock_set(t->w->now += 1000);
		must_work(t->w, device_save(t->w, 1, ACT_ADD, dice, &saved));
		must(t->w, saved, "a note was not saved");
		dice_next(&dice);
	}
	if (who == 1)
		change_places(t);
}

static void
twin_seals(struct twins *t, int who)
{
	struct device *d = who == 1 ? &t->copy : &t->w->devices[1];
	struct file_lock lock = FILE_LOCK_NONE;
	size_t changes, commits;

	must_work(t->w, home_lock(&lock, &d->home));
	must_work(t->w, exchange_seal(&d->home, &changes, &commits));
	file_unlock(&lock);
}

static bool
twin_syncs(struct twins *t, int who)
{
	struct device *d = who == 1 ? &t->copy : &t->w->devices[1];
	struct exchange_report r;
	bool frozen;

	findings_free(&t->found[who]);
	t->found[who] = (struct findings)FINDINGS_EMPTY;
	must_work(t->w, hub_show(&t->w->hubs[0], 1));
	must_work(t->w, exchange_sync(&d->home, "h0", &r));
	must_work(t->w, hub_hide(&t->w->hubs[0], 1));
	for (size_t i = 0; i < r.findings.n; i++)
		findings_add(&t->found[who], &r.findings.at[i]);
	frozen = r.frozen;
	exchange_report_free(&r);
	return frozen;
}

static uint64_t
records(struct world *w, const struct device *d)
{
	struct store_counts c = { .records = 0 };

	must_work(w, store_count(&((struct device *)(uintptr_t)d)->home.store,
	    &c));
	return c.records;
}

/* The seeds of all segments of d1's chain that either holds. */
static size_t
gather_seeds(struct world *w, struct site *s, uint8_t (*seeds)[WIRE_SEED_LEN],
    struct oid *of, size_t n)
{
	struct segment_head h;
	struct buf blob = BUF_EMPTY;
	struct commit c;
	struct oid at;
	char ref[REF_MAX];
	bool more = true;

	ref_device(ref, &s->self);
	for (fault f = site_head(&c, &at, s, ref); more && n < 100;
	    f = more ? site_commit(&c, s, &at) : NULL) {
		must_work(w, f);
		buf_clear(&blob);
		must_work(w, site_blob(&blob, s, &c));
		must_work(w, segment_read_head(&h, buf_view(&blob)));
		memcpy(seeds[n], h.seed, WIRE_SEED_LEN);
		of[n++] = at;
		segment_head_free(&h);
		more = site_before(&at, &c);
	}
	buf_free(&blob);
	return n;
}

static void
no_nonce_twice(struct twins *t)
{
	static uint8_t seeds[200][WIRE_SEED_LEN];
	static struct oid of[200];
	size_t n = gather_seeds(t->w, &t->w->devices[1].home.site, seeds, of,
	    0);

	n = gather_seeds(t->w, &t->copy.home.site, seeds, of, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			must(t->w, oid_eq(&of[i], &of[k]) ||
			    memcmp(seeds[i], seeds[k], WIRE_SEED_LEN) != 0,
			    "two segments have one seed");
}

/* Both write, `first` meets the hub before the other; what must hold. */
static void
twins_meet(struct world *w, int first, bool sealed)
{
	struct twins t;
	char ref[REF_MAX];
	uint64_t before;
	bool frozen;

	copy_device(&t, w);
	before = records(w, &t.copy);
	for (int who = 0; who < 2; who++) {
		twin_notes(&t, who);
		if (sealed)
			twin_seals(&t, who);
	}
	twin_syncs(&t, first);
	must(w, t.found[first].n == 0, "the first found something");
	frozen = twin_syncs(&t, !first);
	model_ref(ref, &w->model, 1);
	must(w, found(&t.found[!first], FIND_CLONE, ref) ||
	    found(&t.found[!first], FIND_FORK, ref),
	    "the second did not notice");
	if (sealed)
		must(w, frozen, "the second is not frozen");
	must(w, records(w, &t.copy) >= before + NOTES &&
	    records(w, &w->devices[1]) >= before + NOTES,
	    "a note was lost where it was saved");
	no_nonce_twice(&t);
	end_copy(&t);
}

static void
twins_a(struct world *w)
{
	twins_meet(w, 0, false);
}

static void
twins_b(struct world *w)
{
	twins_meet(w, 1, false);
}

static void
twins_sealed_a(struct world *w)
{
	twins_meet(w, 0, true);
}

static void
twins_sealed_b(struct world *w)
{
	twins_meet(w, 1, true);
}

static uint64_t
seen_by_another(struct twins *t)
{
	struct exchange_report r;
	struct device *d = &t->w->devices[2];

	must_work(t->w, hub_show(&t->w->hubs[0], 2));
	must_work(t->w, exchange_sync(&d->home, "h0", &r));
	must_work(t->w, hub_hide(&t->w->hubs[0], 2));
	exchange_report_free(&r);
	return records(t->w, d);
}

static void
all_twenty_arrive(struct world *w)
{
	struct twins t;
	uint64_t before;

	copy_device(&t, w);
	before = records(w, &w->devices[2]);
	twin_notes(&t, 0);
	twin_notes(&t, 1);
	twin_syncs(&t, 0);
	twin_syncs(&t, 1);
	must(w, seen_by_another(&t) == before + 2 * NOTES,
	    "not all notes arrived");
	end_copy(&t);
}

static void
both_notice(struct world *w)
{
	struct twins t;
	char ref[REF_MAX];

	copy_device(&t, w);
	twin_notes(&t, 0);
	twin_notes(&t, 1);
	twin_syncs(&t, 0);
	twin_syncs(&t, 1);
	twin_syncs(&t, 0);
	model_ref(ref, &w->model, 1);
	must(w, found(&t.found[0], FIND_CLONE, ref) ||
	    found(&t.found[0], FIND_FORK, ref), "the first did not notice");
	end_copy(&t);
}

/* ---- B6 ----------------------------------------------------------------- */

static void
restore(struct world *w, struct findings *fs)
{
	struct device *d = &w->devices[1];

	in_step(w);
	device_close(d);
	must_work(w, image_copy("d1", "backup"));
	must_work(w, device_open(d));
	for (int i = 0; i < 30; i++)
		writes(w, 1, 1, 0);
	device_close(d);
	must_work(w, file_remove_tree("d1"));
	must_work(w, image_copy("backup", "d1"));
	must_work(w, file_remove_tree("backup"));
	must_work(w, device_open(d));
	/* Nothing acknowledged is missing after this; the model sees to it. */
	must_work(w, looks(w, 1, 0, fs));
}

static void
restored_backup(struct world *w)
{
	struct findings fs;
	char ref[REF_MAX];
	uint64_t had;

	restore(w, &fs);
	had = w->model.head[1];
	model_ref(ref, &w->model, 1);
	for (size_t i = 0; i < fs.n; i++)
		must(w, fs.at[i].code == FIND_CLONE, "a hub is blamed");
	findings_free(&fs);
	/* It counts on where its chain ends, and the others follow. */
	writes(w, 1, 2, 0);
	must(w, w->model.head[1] > had, "nothing was sealed");
	for (int d = 0; d < DEVICES; d++)
		quiet(w, d, 0);
	must(w, model_lacks(&w->model, 2) == 0, "another lacks a change");
	world_converge(w, 3);
}

/* A restored device says so: a thief's copy looks the same. */
static void
restored_says_so(struct world *w)
{
	struct findings fs;
	char ref[REF_MAX];

	restore(w, &fs);
	model_ref(ref, &w->model, 1);
	must(w, found(&fs, FIND_CLONE, ref), "it says nothing");
	findings_free(&fs);
}

/* ---- B8 ----------------------------------------------------------------- */

/* Beside a commit that others hold. */
static void
stolen_key_rewrites(struct world *w)
{
	struct oid genuine;
	char ref[REF_MAX];

	in_step(w);
	genuine = model_at(&w->model, 1, w->model.head[1]);
	forge(w, 1, "h0.0", 0, 0);
	for (int d = 2; d < DEVICES; d++)
		raises(w, d, 0, FIND_FORK, 1);
	model_ref(ref, &w->model, 1);
	must_work(w, hub_put("h0.0", ref, &genuine));
	world_converge(w, 3);
}

static void
stolen_key_back_dates(struct world *w)
{
	struct oid genuine;
	char ref[REF_MAX];

	in_step(w);
	genuine = model_at(&w->model, 1, w->model.head[1]);
	forge(w, 1, "h0.0", 1, -1);
	for (int d = 2; d < DEVICES; d++)
		raises(w, d, 0, FIND_CORRUPT, 1);
	model_ref(ref, &w->model, 1);
	must_work(w, hub_put("h0.0", ref, &genuine));
	world_converge(w, 3);
}

/* Until it is cut off, the key is the device. */
static void
before_the_cut(struct world *w)
{
	struct oid oid, head;
	char ref[REF_MAX];

	in_step(w);
	oid = forge(w, 1, "h0.0", 1, 0);
	must(w, model_sign(&w->model, &oid, 1, w->model.head[1] + 1),
	    "the model has no room");
	model_ref(ref, &w->model, 1);
	for (int d = 2; d < DEVICES; d++) {
		quiet(w, d, 0);
		must_work(w, repo_ref(&head, w->devices[d].home.site.repo,
		    ref));
		must(w, oid_eq(&head, &oid), "it was not taken");
	}
}

/* The coordinator cuts d1 off at the newest that she holds. */
static void
revoke(struct world *w)
{
	char line[128], hex[ID_HEX];

	device_close(&w->devices[0]);
	must_work(w, hub_show(&w->hubs[0], 0));
	snprintf(line, sizeof line, "revoke %s --home d0 --reason stolen "
	    "--yes", id_hex(hex, &w->model.device[1]));
	must_work(w, image_command(line));
	must_work(w, hub_hide(&w->hubs[0], 0));
	must_work(w, device_open(&w->devices[0]));
	w->cut = true;
}

/* What d knows and holds of d1 ends at the cut; the rest is put aside. */
static void
ends_at_the_cut(struct world *w, int d, uint64_t seq, uint64_t known)
{
	struct device *dev = &w->devices[d];
	struct store_counts c = { .quarantined = 0 };
	struct findings fs;
	struct commit head;
	struct oid oid;
	char ref[REF_MAX];

	must_work(w, looks(w, d, 0, &fs));
	model_ref(ref, &w->model, 1);
	must(w, found(&fs, FIND_AFTER_CUT, ref) && fs.n == 1,
	    "it is not named, or not alone");
	findings_free(&fs);
	must_work(w, site_head(&head, &oid, &dev->home.site, ref));
	must(w, head.seq == seq, "something after the cut was taken");
	for (uint64_t n = 1; n <= w->model.top[1]; n++)
		must(w, w->model.knows[d][1][n] == (n <= known),
		    "a change after the cut counts, or one before does not");
	must_work(w, store_count(&dev->home.store, &c));
	must(w, c.quarantined == w->model.top[1] - known,
	    "not all of it is in quarantine");
}

/* The thief wrote before word of it came, and puts it there by hand. */
static void
after_the_cut(struct world *w)
{
	uint64_t seq, known;
	struct oid thief;
	char ref[REF_MAX];

	in_step(w);
	seq = w->model.head[1];
	known = w->model.top[1];
	writes(w, 1, 3, -1);
	must_work(w, world_act(w, 1, ACT_SEAL, 0, NULL));
	thief = model_at(&w->model, 1, w->model.head[1]);
	revoke(w);
	quiet(w, 0, 0);
	model_ref(ref, &w->model, 1);
	must_work(w, hub_plant(w->devices[1].home.site.repo, "h0.0", ref,
	    &thief));
	for (int d = 2; d < DEVICES; d++)
		ends_at_the_cut(w, d, seq, known);
	ends_at_the_cut(w, 0, seq, known);
}

const struct one_case copy_cases[] = {
	{ "B5: a copy that meets the hub second notices, and keeps its notes",
	    twins_a },
	{ "B5: and so does the original when it is the second", twins_b },
	{ "B5: both had sealed: the copy is frozen and keeps its notes",
	    twins_sealed_a },
	{ "B5: both had sealed: the original is frozen and keeps its notes",
	    twins_sealed_b },
	{ "B5: all 20 notes of two copies reach the others",
	    all_twenty_arrive },
	{ "B5: the first of two copies notices at its next sync",
	    both_notice },
	{ "B6: a device whose disk was put back says clone", restored_says_so },
	{ "B6: a backup 30 segments old adopts its own chain and goes on",
	    restored_backup },
	{ "B8: a stolen key that rewrites is fork, and nothing is taken",
	    stolen_key_rewrites },
	{ "B8: a stolen key that back-dates is corrupt, and nothing is taken",
	    stolen_key_back_dates },
	{ "B8: before the cut all that the key signs is taken",
	    before_the_cut },
	{ "B8: after the cut nothing is taken, all of it is in quarantine",
	    after_the_cut },
	{ NULL, NULL },
};

const struct not_yet not_yet[] = {
	{ { "B9: git fsck of a device is content after a stranger's commit",
	    damage_strangers_commit },
	    "a commit that is not of our form is brought without its tree, "
	    "to be named; git calls that a broken link" },
	{ { NULL, NULL }, NULL },
};
