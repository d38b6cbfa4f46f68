/*
 * cases_hubs -- B3: each lie of a hub, and the alarm that names it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "sync/pins.h"
#include "tests/sim/cases.h"
#include "tests/sim/hub.h"

/* And when it lies no longer, all is well again. */
static void
heals(struct world *w)
{
	world_converge(w, 3);
}

static void
rollback_of_a_branch(struct world *w)
{
	in_step(w);
	back(w, "h0.0", 1, 1);
	raises(w, 2, 0, FIND_ROLLBACK, 1);
	/* It was given back by who noticed. */
	quiet(w, 3, 0);
	heals(w);
}

static void
rollback_of_the_roster(struct world *w)
{
	in_step(w);
	back(w, "h0.0", CHAIN_ROSTER, 1);
	raises(w, 2, 0, FIND_ROLLBACK, CHAIN_ROSTER);
	heals(w);
}

static void
rollback_of_both(struct world *w)
{
	struct findings fs;

	in_step(w);
	back(w, "h0.0", CHAIN_ROSTER, 2);
	for (int d = 0; d < DEVICES; d++)
		back(w, "h0.0", d, 1);
	back(w, "h0.0", CHAIN_MAIN, 1);
	must_work(w, looks(w, 2, 0, &fs));
	must(w, fs.n == CHAINS, "each of them should be named");
	for (size_t i = 0; i < fs.n; i++)
		must(w, fs.at[i].code == FIND_ROLLBACK, "not a rollback");
	findings_free(&fs);
	heals(w);
}

/*
 * d1 and d3 see one h0, d2 another.  What d3 saw of d1 there it testifies;
 * d2 hears of it at h1, and knows at its next visit of h0.
 */
static void
fork_to_two_victims(struct world *w)
{
	in_step(w);
	for (int d = 0; d < DEVICES; d++)
		quiet(w, d, 1);
	w->hubs[0].views = 2;
	w->hubs[0].view_of[2] = 1;
	must_work(w, image_copy("h0.0", "h0.1"));
	writes(w, 1, 1, 0);
	quiet(w, 3, 0);
	writes(w, 3, 1, 1);
	quiet(w, 2, 1);
	raises(w, 2, 0, FIND_WITHHELD, 1);
	heals(w);
}

/* d3 testifies at the hub itself that it had d1's newest. */
static void
newest_is_withheld(struct world *w)
{
	in_step(w);
	writes(w, 1, 1, 0);
	quiet(w, 3, 0);
	writes(w, 3, 1, 0);
	back(w, "h0.0", 1, 1);
	raises(w, 2, 0, FIND_WITHHELD, 1);
	heals(w);
}

static void
put_chain(struct world *w, const char *dir, int chain, int at)
{
	struct oid oid = model_at(&w->model, at, w->model.head[at]);
	char ref[REF_MAX];

	model_ref(ref, &w->model, chain);
	must_work(w, hub_put(dir, ref, &oid));
}

static void
two_branches_swapped(struct world *w)
{
	struct findings fs;
	char a[REF_MAX], b[REF_MAX];

	in_step(w);
	put_chain(w, "h0.0", 1, 3);
	put_chain(w, "h0.0", 3, 1);
	model_ref(a, &w->model, 1);
	model_ref(b, &w->model, 3);
	must_work(w, looks(w, 2, 0, &fs));
	must(w, fs.n == 2 && found(&fs, FIND_REPLAYED, a) &&
	    found(&fs, FIND_REPLAYED, b), "both should be named as replayed");
	findings_free(&fs);
	heals(w);
}

/* A branch of theirs in the place of one of ours. */
static void
branch_of_another_project(struct world *w)
{
	in_step(w);
	must_work(w, hub_lie(w, 0, LIE_FOREIGN));
	w->hubs[0].may = ~0u;
	for (int d = 0; d < DEVICES; d++) {
		struct oid ours = model_at(&w->model, d, w->model.head[d]);
		struct repo_ref *at;
		size_t n;
		char ref[REF_MAX];

		model_ref(ref, &w->model, d);
		must_work(w, hub_refs(&at, &n, "h0.0"));
		for (size_t i = 0; i < n; i++)
			if (strcmp(at[i].name, ref) == 0 &&
			    !oid_eq(&at[i].oid, &ours)) {
				raises(w, d == 2 ? 3 : 2, 0,
				    FIND_WRONG_PROJECT, d);
				free(at);
				heals(w);
				return;
			}
		free(at);
	}
	wrong(w, "no branch was of another project");
}

/* A hub that is wholly theirs gets nothing of ours. */
static void
hub_of_another_project(struct world *w)
{
	struct repo_ref *before, *after;
	size_t n, m;

	in_step(w);
	must_work(w, file_remove_tree("h1.0"));
	must_work(w, image_copy("image/foreign", "h1.0"));
	must_work(w, hub_refs(&before, &n, "h1.0"));
	raises_at(w, 2, 1, FIND_WRONG_PROJECT, "refs/heads/hub");
	must_work(w, hub_refs(&after, &m, "h1.0"));
	must(w, n == m && memcmp(before, after, n * sizeof *after) == 0,
	    "it was given something");
	free(before);
	free(after);
}

/* ---- envelopes ---------------------------------------------------------- */

/* Keyring n as the coordinator would sign it, without envelopes. */
static struct oid
keyring(struct world *w, uint64_t n)
{
	struct site *s = &w->devices[0].home.site;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = n, .generation = 1 };
	struct tree_entry e;
	struct oid oid = { { 0 } };

	snprintf(c.ref, sizeof c.ref, "refs/heads/keyring/%llu",
	    (unsigned long long)n);
	buf_add(&blob, "KITRNG", 6);
	put_u16(&blob, WIRE_FORMAT);
	put_u64(&blob, n);
	put_u64(&blob, s->roster->seq);
	buf_add(&blob, roster_entry(s->roster, s->roster->seq)->b,
	    WIRE_HASH_LEN);
	put_u16(&blob, 0);
	put_u16(&blob, 0);
	site_quote(s, &c);
	c.seg = hash_of(buf_view(&blob));
	must(w, ref_entry(e.name, c.ref), "no entry");
	must_work(w, repo_write(&e.blob, s->repo, OBJECT_BLOB,
	    buf_view(&blob)));
	must_work(w, repo_write_tree(&c.tree, s->repo, &e, 1));
	must_work(w, site_sign(&oid, s, &c, &w->devices[0].home.signer));
	must_work(w, hub_plant(s->repo, "h0.0", c.ref, &oid));
	buf_free(&blob);
	return oid;
}

static void
old_envelope_again(struct world *w)
{
	struct oid one, none = { { 0 } };

	in_step(w);
	one = keyring(w, 1);
	quiet(w, 2, 0);
	keyring(w, 2);
	quiet(w, 2, 0);
	/* The newer is gone, the older is back. */
	must_work(w, hub_put("h0.0", "refs/heads/keyring/2", &none));
	raises_at(w, 2, 0, FIND_ROLLBACK, "refs/heads/keyring/2");
	/* The older under a newer name. */
	must_work(w, hub_put("h0.0", "refs/heads/keyring/3", &one));
	raises_at(w, 2, 0, FIND_REPLAYED, "refs/heads/keyring/3");
}

/* ---- objects ------------------------------------------------------------ */

static int
is_pack(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && strcmp(e->d_name + n - 5, ".pack") == 0;
}

/* Of the packs in dir, the one whose name is not in before. */
static void
new_pack(char to[200], const char *dir, struct dirent **before, int n)
{
	struct dirent **now = NULL;
	int m = scandir(dir, &now, is_pack, alphasort);

	to[0] = '\0';
	for (int i = 0; i < m; i++) {
		bool known = false;

		for (int k = 0; k < n; k++)
			known |= strcmp(before[k]->d_name,
			    now[i]->d_name) == 0;
		if (!known)
			snprintf(to, 200, "%s/%.120s", dir, now[i]->d_name);
		free(now[i]);
	}
	free(now);
}

static void
truncated_pack(struct world *w)
{
	struct dirent **before = NULL;
	char path[200];
	int n;

	in_step(w);
	n = scandir("h0.0/objects/pack", &before, is_pack, alphasort);
	writes(w, 1, 1, 0);
	new_pack(path, "h0.0/objects/pack", before, n);
	for (int i = 0; i < n; i++)
		free(before[i]);
	free(before);
	must_work(w, image_copy(path, "broken.h0"));
	must(w, truncate(path, 100) == 0, "cannot cut the pack");
	snprintf(w->hubs[0].broken, sizeof w->hubs[0].broken, "%.150s", path);
	raises(w, 2, 0, FIND_CORRUPT, 1);
	heals(w);
}

static void
deleted_branch(struct world *w)
{
	struct oid none = { { 0 } };
	char ref[REF_MAX];

	in_step(w);
	model_ref(ref, &w->model, 1);
	must_work(w, hub_put("h0.0", ref, &none));
	raises(w, 2, 0, FIND_ROLLBACK, 1);
	quiet(w, 3, 0);
	heals(w);
}

static void
unknown_branch(struct world *w)
{
	struct oid oid;
	const char *ref =
	    "refs/heads/device/00112233445566778899aabbccddeeff";

	in_step(w);
	oid = model_at(&w->model, 1, w->model.head[1]);
	must_work(w, hub_put("h0.0", ref, &oid));
	raises_at(w, 2, 0, FIND_NOT_A_MEMBER, ref);
	heals(w);
}

/* d1's key signs number n + 2 upon number n. */
static void
gap_in_the_numbers(struct world *w)
{
	in_step(w);
	forge(w, 1, "h0.0", 2, 0);
	raises(w, 2, 0, FIND_GAP, 1);
	put_chain(w, "h0.0", 1, 1);
	heals(w);
}

/* Two branches swapped, one of them a joiner's: it is admitted all the same
 * when that is over. */
static void
junk_does_not_keep_a_joiner_out(struct world *w)
{
	struct findings fs;
	char ref[REF_MAX];
	struct oid joiner;

	writes(w, 4, 1, 0);
	writes(w, 1, 1, 0);
	quiet(w, 0, 0);
	joiner = model_at(&w->model, 4, 1);
	put_chain(w, "h0.0", 4, 1);
	w->hubs[0].may = ~0u;
	must_work(w, looks(w, 0, 0, &fs));
	must(w, fs.n == 1 && fs.at[0].code == FIND_REPLAYED,
	    "not as replayed");
	findings_free(&fs);
	model_ref(ref, &w->model, 4);
	must_work(w, hub_put("h0.0", ref, &joiner));
	w->hubs[0].may = 0;
	must_work(w, world_act(w, 0, ACT_MERGE, 0, NULL));
	must(w, roster_member(w->devices[0].home.site.roster,
	    &w->model.device[4])->status == MEMBER_ACTIVE,
	    "the joiner was not admitted");
	heals(w);
}

const struct one_case hub_cases[] = {
	{ "B3: rollback of a branch is rollback", rollback_of_a_branch },
	{ "B3: rollback of the roster is rollback", rollback_of_the_roster },
	{ "B3: rollback of both is rollback of each", rollback_of_both },
	{ "B3: a fork to two victims is withheld when they hear of each other",
	    fork_to_two_victims },
	{ "B3: dropping the newest is withheld when another has seen it",
	    newest_is_withheld },
	{ "B3: two branches swapped are replayed", two_branches_swapped },
	{ "B3: a branch of another project is wrong-project",
	    branch_of_another_project },
	{ "B3: a hub of another project is wrong-project and gets nothing",
	    hub_of_another_project },
	{ "B3: an old envelope again is rollback, or replayed",
	    old_envelope_again },
	{ "B3: a truncated pack is corrupt", truncated_pack },
	{ "B3: a deleted branch is rollback", deleted_branch },
	{ "B3: an unknown extra branch is not-a-member", unknown_branch },
	{ "B3: a gap in the numbers is gap", gap_in_the_numbers },
	{ "a branch that held junk for a while does not keep a joiner out",
	    junk_does_not_keep_a_joiner_out },
	{ NULL, NULL },
};
