#include "tests/sim/hub.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "sync/carry.h"
#include "sync/pins.h"

#define REFS_MOST 1000
#define PACK_MOST (64u << 20)

/* ---- the folder --------------------------------------------------------- */

void
hub_view(char to[32], const struct hub *h, int view)
{
	snprintf(to, 32, "%s.%d", h->url, view);
}

static fault
move_dir(const char *from, const char *to)
{
	return rename(from, to) == 0 ? NULL :
	    fault_errno(FAULT_FAIL, "cannot move %s to %s", from, to);
}

fault
hub_begin(struct world *w, int hub)
{
	struct hub *h = &w->hubs[hub];
	char from[32], to[32];

	*h = (struct hub){ .views = 1 };
	snprintf(h->url, sizeof h->url, "h%d", hub);
	snprintf(from, sizeof from, "image/%s", h->url);
	hub_view(to, h, 0);
	return image_copy(from, to);
}

static void
forget_oldest(struct hub *h)
{
	free(h->old[0].at);
	memmove(h->old, h->old + 1, (--h->nold) * sizeof *h->old);
}

void
hub_end(struct hub *h)
{
	while (h->nold > 0)
		forget_oldest(h);
}

fault
hub_show(struct hub *h, int d)
{
	char view[32];

	hub_view(view, h, h->view_of[d]);
	return h->away ? NULL : move_dir(view, h->url);
}

fault
hub_hide(struct hub *h, int d)
{
	char view[32];

	hub_view(view, h, h->view_of[d]);
	return h->away ? NULL : move_dir(h->url, view);
}

fault
hub_refs(struct repo_ref **at, size_t *n, const char *dir)
{
	struct repo *r;
	fault f = repo_open(&r, dir);

	*at = NULL;
	*n = 0;
	if (f == NULL) {
		f = repo_refs(at, n, r, "refs/heads/", REFS_MOST);
		repo_close(r);
	}
	return f;
}

fault
hub_put(const char *dir, const char *ref, const struct oid *oid)
{
	struct repo *r;
	fault f = repo_open(&r, dir);

	if (f != NULL)
		return f;
	f = repo_ref_delete(r, ref);
	if (f == NULL && !oid_zero(oid))
		f = repo_ref_move(r, ref, NULL, oid);
	repo_close(r);
	return f;
}

fault
hub_plant(struct repo *from, const char *dir, const char *ref,
    const struct oid *oid)
{
	struct push p = { .new = *oid };
	struct repo_ref *at = NULL;
	struct carry *c = NULL;
	size_t n = 0;
	fault f;

	snprintf(p.ref, sizeof p.ref, "%s", ref);
	if ((f = hub_refs(&at, &n, dir)) != NULL)
		return f;
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].name, ref) == 0)
			p.old = at[i].oid;
	free(at);
	if ((f = carry_open(&c, dir, NULL)) == NULL)
		f = carry_push(c, from, &p, 1);
	carry_close(c);
	return f != NULL ? f : p.result;
}

fault
hub_remember(struct hub *h)
{
	char view[32];
	struct old_refs *o;

	if (h->nold == SAVED_REFS)
		forget_oldest(h);
	hub_view(view, h, 0);
	o = &h->old[h->nold++];
	return hub_refs(&o->at, &o->n, view);
}

/* ---- honesty ------------------------------------------------------------ */

fault
hub_rewrite(const char *path, struct bytes b)
{
	int fd;

	(void)chmod(path, 0600);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, b.at, b.len) != (ssize_t)b.len) {
		if (fd >= 0)
			close(fd);
		return fault_errno(FAULT_FAIL, "cannot write %s", path);
	}
	close(fd);
	return NULL;
}

/*
 * Only if that pack is still there is there anything to put back.  It may
 * have been copied, damaged, into the folder that remains.
 */
static fault
mend(struct hub *h)
{
	struct buf b = BUF_EMPTY;
	char copy[32], path[160];
	fault f = NULL;

	snprintf(copy, sizeof copy, "broken.%s", h->url);
	hub_view(path, h, 0);
	snprintf(path + strlen(path), sizeof path - strlen(path), "%s",
	    h->broken + strlen(path));
	if (h->broken[0] != '\0' && file_exists(path) &&
	    (f = file_read(&b, copy, PACK_MOST)) == NULL)
		f = hub_rewrite(path, buf_view(&b));
	unlink(copy);
	h->broken[0] = '\0';
	buf_free(&b);
	return f;
}

/* Nobody's branches; keyrings and the hub's id are no device's either. */
static bool
invented(const struct world *w, const char *ref)
{
	enum ref_kind kind = ref_kind(ref, NULL, NULL);

	return model_chain(&w->model, ref) < 0 && kind != REF_HUB &&
	    kind != REF_KEYRING;
}

static fault
take_away(struct world *w, const char *dir)
{
	struct repo_ref *at = NULL;
	struct oid none = { { 0 } };
	size_t n = 0;
	fault f = hub_refs(&at, &n, dir);

	for (size_t i = 0; f == NULL && i < n; i++)
		if (invented(w, at[i].name))
			f = hub_put(dir, at[i].name, &none);
	free(at);
	return f;
}

fault
hub_honest(struct world *w, int hub)
{
	struct hub *h = &w->hubs[hub];
	char a[32], b[32];
	fault f;

	hub_view(a, h, 0);
	hub_view(b, h, 1);
	h->away = false;
	if (h->views == 2) {
		h->views = 1;
		memset(h->view_of, 0, sizeof h->view_of);
		/* Of two folders one remains; by chance either. */
		if (dice_percent(&w->dice, 50)) {
			if ((f = file_remove_tree(a)) != NULL ||
			    (f = move_dir(b, a)) != NULL)
				return f;
		} else if ((f = file_remove_tree(b)) != NULL) {
			return f;
		}
	}
	return (f = mend(h)) != NULL ? f : take_away(w, a);
}
