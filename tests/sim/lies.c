/*
 * lies -- what a hub can do to those who trust it, one function each.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/file.h"
#include "tests/sim/hub.h"

#define PACK_MOST (64u << 20)

const char *const lie_names[LIE_COUNT] = { "rollback", "roster", "both",
    "fork", "newest", "swap", "foreign", "truncate", "flip", "delete",
    "unknown", "away", "lock" };

/* ---- lies about refs ---------------------------------------------------- */

static bool
is_device(const struct world *w, const struct repo_ref *r)
{
	int chain = model_chain(&w->model, r->name);

	return chain >= 0 && chain < DEVICES;
}

/* To an earlier commit of its line, at most `back` before. */
static fault
go_back(struct world *w, const char *dir, const struct repo_ref *r,
    unsigned back)
{
	const struct signed_commit *c = model_commit(&w->model, &r->oid);
	struct oid old;

	if (c == NULL || c->seq < 2)
		return NULL;
	back = back < c->seq ? back : (unsigned)c->seq - 1;
	old = model_at(&w->model, c->chain, c->seq - back);
	return oid_zero(&old) ? NULL : hub_put(dir, r->name, &old);
}

static fault
lie_back(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n, enum lie lie)
{
	unsigned k = dice_below(&w->dice, (unsigned)n);
	unsigned back = 1 + dice_below(&w->dice, 3);
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < n; i++) {
		const struct repo_ref *r = &at[(i + k) % n];
		bool roster = strcmp(r->name, "refs/heads/roster") == 0;

		if (lie == LIE_ROSTER ? !roster : !is_device(w, r))
			continue;
		f = go_back(w, dir, r, lie == LIE_NEWEST ? 1 : back);
		if (lie != LIE_NEWEST)
			break;
	}
	return f;
}

/* All of it as it once was. */
static fault
lie_both(struct world *w, struct hub *h, const char *dir,
    const struct repo_ref *at, size_t n)
{
	struct oid none = { { 0 } };
	const struct old_refs *o;
	fault f = NULL;

	if (h->nold == 0)
		return NULL;
	o = &h->old[dice_below(&w->dice, (unsigned)h->nold)];
	for (size_t i = 0; f == NULL && i < n; i++)
		f = hub_put(dir, at[i].name, &none);
	for (size_t i = 0; f == NULL && i < o->n; i++)
		f = hub_put(dir, o->at[i].name, &o->at[i].oid);
	return f;
}

static const struct repo_ref *
some_device(struct world *w, const struct repo_ref *at, size_t n)
{
	unsigned k = dice_below(&w->dice, (unsigned)n);

	for (size_t i = 0; i < n; i++)
		if (is_device(w, &at[(i + k) % n]))
			return &at[(i + k) % n];
	return NULL;
}

static fault
lie_swap(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n)
{
	const struct repo_ref *a = some_device(w, at, n);
	const struct repo_ref *b = some_device(w, at, n);
	fault f;

	if (a == NULL || a == b)
		return NULL;
	if ((f = hub_put(dir, a->name, &b->oid)) != NULL)
		return f;
	return hub_put(dir, b->name, &a->oid);
}

static fault
lie_delete(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n)
{
	const struct repo_ref *a = some_device(w, at, n);
	struct oid none = { { 0 } };

	return a == NULL ? NULL : hub_put(dir, a->name, &none);
}

/* A branch of a device that the roster does not know. */
static fault
lie_unknown(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n)
{
	const struct repo_ref *a = some_device(w, at, n);
	struct id nobody;
	char ref[REF_MAX];

	for (size_t i = 0; i < sizeof nobody.b; i++)
		nobody.b[i] = (uint8_t)dice_next(&w->dice);
	ref_device(ref, &nobody);
	return a == NULL ? NULL : hub_put(dir, ref, &a->oid);
}

/* ---- lies about objects ------------------------------------------------- */

static int
is_pack(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && strcmp(e->d_name + n - 5, ".pack") == 0;
}

/* The path of some pack; "" if there is none. */
static void
some_pack(char to[160], struct world *w, const char *dir)
{
	struct dirent **names = NULL;
	char packs[64];
	int n, k;

	to[0] = '\0';
	snprintf(packs, sizeof packs, "%s/objects/pack", dir);
	n = scandir(packs, &names, is_pack, alphasort);
	k = n > 0 ? (int)dice_below(&w->dice, (unsigned)n) : 0;
	for (int i = 0; i < n; i++) {
		if (i == k)
			snprintf(to, 160, "%.60s/%.90s", packs,
			    names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static fault
lie_damage(struct world *w, struct hub *h, const char *dir, enum lie lie)
{
	struct buf b = BUF_EMPTY;
	char copy[32];
	fault f;

	if (h->broken[0] != '\0')
		return NULL;
	some_pack(h->broken, w, dir);
	if (h->broken[0] == '\0')
		return NULL;
	snprintf(copy, sizeof copy, "broken.%s", h->url);
	if ((f = file_read(&b, h->broken, PACK_MOST)) == NULL &&
	    (f = image_copy(h->broken, copy)) == NULL) {
		if (lie == LIE_TRUNCATE)
			b.len = dice_below(&w->dice, (unsigned)b.len);
		else
			b.at[dice_below(&w->dice, (unsigned)b.len)] ^=
			    (uint8_t)(1u << dice_below(&w->dice, 8));
		f = hub_rewrite(h->broken, buf_view(&b));
	}
	buf_free(&b);
	return f;
}

/* Another project's device in the place of one of ours. */
static fault
lie_foreign(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n)
{
	const struct repo_ref *a = some_device(w, at, n);
	struct repo_ref *theirs = NULL;
	struct repo *from = NULL;
	size_t k = 0, i = 0;
	fault f;

	if (a == NULL)
		return NULL;
	if ((f = hub_refs(&theirs, &k, "image/foreign")) != NULL)
		goto done;
	while (i + 1 < k && strstr(theirs[i].name, "/device/") == NULL)
		i++;
	if ((f = repo_open(&from, "image/foreign")) == NULL)
		f = hub_plant(from, dir, a->name, &theirs[i].oid);
done:
	repo_close(from);
	free(theirs);
	return f;
}

/* ---- lies about everything ---------------------------------------------- */

/* From now on some devices see what others do not. */
static fault
lie_fork(struct world *w, struct hub *h)
{
	char a[32], b[32];

	if (h->views == 2)
		return NULL;
	hub_view(a, h, 0);
	hub_view(b, h, 1);
	h->views = 2;
	for (int d = 0; d < DEVICES; d++)
		h->view_of[d] = (int)dice_below(&w->dice, 2);
	return image_copy(a, b);
}

/* A lock that somebody who died has left on a branch. */
static fault
lie_lock(struct world *w, const char *dir, const struct repo_ref *at,
    size_t n)
{
	const struct repo_ref *a = some_device(w, at, n);
	char path[256];

	if (a == NULL)
		return NULL;
	snprintf(path, sizeof path, "%s/%s.lock", dir, a->name);
	return file_exists(path) ? NULL :
	    file_write(path, bytes_of("elsewhere 4711\n"), 0600);
}

/*
 * What each may be called by an honest device, now or later.  Who gives back
 * what it holds of a branch may hold less than was there: the next visitor
 * finds the hub gone back, and withholding what another has seen.  Who gets
 * no new roster does not know the newest devices.
 */
#define GONE_BACK (MAY(FIND_ROLLBACK) | MAY(FIND_WITHHELD))
#define NO_ROSTER MAY(FIND_NOT_A_MEMBER)
static const unsigned deserved[LIE_COUNT] = {
	[LIE_ROLLBACK] = GONE_BACK, [LIE_ROSTER] = GONE_BACK | NO_ROSTER,
	[LIE_BOTH] = GONE_BACK | NO_ROSTER, [LIE_FORK] = GONE_BACK,
	[LIE_NEWEST] = GONE_BACK, [LIE_DELETE] = GONE_BACK,
	/* The key of a joiner whom nobody has admitted is no member's. */
	[LIE_SWAP] = GONE_BACK | MAY(FIND_REPLAYED) | MAY(FIND_NOT_A_MEMBER),
	[LIE_FOREIGN] = GONE_BACK | MAY(FIND_WRONG_PROJECT),
	[LIE_TRUNCATE] = GONE_BACK | NO_ROSTER | MAY(FIND_CORRUPT),
	[LIE_FLIP] = GONE_BACK | NO_ROSTER | MAY(FIND_CORRUPT),
	[LIE_UNKNOWN] = MAY(FIND_NOT_A_MEMBER),
	[LIE_AWAY] = 0, [LIE_LOCK] = 0,
};

static fault
lie_refs(struct world *w, struct hub *h, const char *dir, enum lie lie)
{
	struct repo_ref *at = NULL;
	size_t n = 0;
	fault f = hub_refs(&at, &n, dir);

	if (f != NULL || n == 0)
		return f;
	switch (lie) {
	case LIE_BOTH:
		f = lie_both(w, h, dir, at, n);
		break;
	case LIE_SWAP:
		f = lie_swap(w, dir, at, n);
		break;
	case LIE_FOREIGN:
		f = lie_foreign(w, dir, at, n);
		break;
	case LIE_DELETE:
		f = lie_delete(w, dir, at, n);
		break;
	case LIE_UNKNOWN:
		f = lie_unknown(w, dir, at, n);
		break;
	case LIE_LOCK:
		f = lie_lock(w, dir, at, n);
		break;
	default:
		f = lie_back(w, dir, at, n, lie);
	}
	free(at);
	return f;
}

fault
hub_lie(struct world *w, int hub, enum lie lie)
{
	struct hub *h = &w->hubs[hub];
	char dir[32];

	hub_view(dir, h, (int)dice_below(&w->dice, (unsigned)h->views));
	h->may |= deserved[lie];
	/* One of its folders may be made to name what only the other has. */
	if (h->views == 2)
		h->may |= MAY(FIND_CORRUPT);
	w->tally.lies++;
	switch (lie) {
	case LIE_FORK:
		return lie_fork(w, h);
	case LIE_AWAY:
		h->away = true;
		return NULL;
	case LIE_TRUNCATE:
	case LIE_FLIP:
		return lie_damage(w, h, dir, lie);
	default:
		return lie_refs(w, h, dir, lie);
	}
}
