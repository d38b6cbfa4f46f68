#include "sync/packs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define AWAKE_MAX 200		/* two files each, of 1,024 usual */
#define IDX_NAME 49		/* "pack-" 40 digits ".idx" */

struct packs {
	const struct gitdir *g;
	struct packread	**at;
	size_t		n;
	size_t		last;	/* the one that had the last: likely again */
	struct oid	asked;	/* and where: most are asked for twice */
	uint64_t	offset;
	bool		bad;	/* one could not be opened */
	bool		looked;	/* at the folder: not before it is asked */
};

struct packs *
packs_new(const struct gitdir *g)
{
	struct packs *s = mem_new(sizeof *s);

	s->g = g;
	return s;
}

static void
forget(struct packread **at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		packread_free(at[i]);
	free(at);
}

void
packs_free(struct packs *s)
{
	if (s == NULL)
		return;
	forget(s->at, s->n);
	free(s);
}

/* Out of the old list, or newly opened.  NULL if it is damaged or gone. */
static struct packread *
get(struct packs *s, const char *name, size_t k)
{
	struct packread *p = NULL;
	fault f;

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i] != NULL &&
		    memcmp(packread_name(s->at[i]), name, 40) == 0) {
			p = s->at[i];
			s->at[i] = NULL;
			return p;
		}
	f = packread_open(&p, s->g, name);
	if (f != NULL) {
		s->bad |= f->code != FAULT_ABSENT;
		return NULL;
	}
	if (k >= AWAKE_MAX)
		packread_rest(p);
	return p;
}

void
packs_refresh(struct packs *s)
{
	char *path = gitdir_path(s->g, "objects/pack");
	DIR *d = opendir(path);
	struct packread **at = NULL, *p;
	struct dirent *e;
	size_t n = 0;

	s->bad = false;
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strlen(e->d_name) != IDX_NAME ||
		    memcmp(e->d_name, "pack-", 5) != 0 ||
		    strcmp(e->d_name + 45, ".idx") != 0 ||
		    (p = get(s, e->d_name + 5, n)) == NULL)
			continue;
		at = mem_grow(at, (n + 1) * sizeof(void *));
		at[n++] = p;
	}
	if (d != NULL)
		closedir(d);
	free(path);
	forget(s->at, s->n);
	s->at = at;
	s->n = n;
	s->last = 0;
	s->offset = 0;
	s->looked = true;
}

fault
packs_find(struct packread **p, uint64_t *offset, struct packs *s,
    const struct oid *oid)
{
	fault f, first = NULL;
	bool found;

	*p = NULL;
	if (!s->looked)
		packs_refresh(s);
	if (s->offset != 0 && oid_eq(&s->asked, oid)) {
		*p = s->at[s->last];
		*offset = s->offset;
		return NULL;
	}
	for (size_t i = 0; i < s->n; i++) {
		/* s->last, then the others. */
		size_t k = i == 0 ? s->last : i <= s->last ? i - 1 : i;

		f = packread_find(&found, offset, s->at[k], oid);
		if (f == NULL && found) {
			s->last = k;
			s->asked = *oid;
			s->offset = *offset;
			*p = s->at[k];
			return NULL;
		}
		if (first == NULL)
			first = f;
		/* However many packs a stranger made, few files are open. */
		if (k >= AWAKE_MAX)
			packread_rest(s->at[k]);
	}
	if (first == NULL && s->bad)
		first = fault_new(FAULT_FORMAT, "a pack of %s is damaged",
		    s->g->path);
	return first;
}
