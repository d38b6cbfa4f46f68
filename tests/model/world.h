/*
 * world -- the little world of converge: five devices, two records, and
 * every edit ever made, in plain numbers.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "sync/change.h"

#define DEVICES 5
#define RECORDS 2
#define OPS 300
#define PARTS 2
#define SUPS 20000
#define WORDS 4		/* 0: cleared, or the empty element; 1: "1" */
#define UNREAD WORDS	/* a word that one cannot read */
#define READ_TEAM (1u << COMP_TEAM)
#define READ_ALL 0xeu

/* Numbers of fields. */
enum { WITHDRAWN = 2, FIELDS = 6 };

static const struct {
	const char		*name;
	enum kind		kind;
	enum compartment	comp;
} fields[FIELDS] = {
	{ "a", KIND_VALUE, COMP_TEAM },
	{ "name", KIND_VALUE, COMP_IDENTITY },
	{ "withdrawn", KIND_VALUE, COMP_TEAM },
	{ "a", KIND_SET, COMP_TEAM },
	{ "contacts", KIND_SET, COMP_IDENTITY },
	{ "b", KIND_VALUE, COMP_TEAM },
};
static const char *const words[WORDS] = { "", "1", "two", "three" };

/* An edit, in plain numbers. */
struct part {
	int		field;
	int		word;		/* value */
	unsigned	adds;		/* set: words, as bits */
	size_t		sup, nsup;	/* in world.sups */
};

struct edit {
	int		device, record;
	uint64_t	n, clock;
	size_t		nparts;
	struct part	parts[PARTS];
	struct buf	stored;		/* as its author wrote it */
};

struct sup {
	int	edit;
	int	word;		/* of a set */
};

/* A change as a device holds it. */
struct held {
	int		edit;
	struct buf	bytes;
	struct change	change;		/* borrows bytes */
};

struct device {
	unsigned	reads;		/* of others' changes */
	uint64_t	n;
	bool		knows[OPS];
	struct held	held[OPS + OPS / 4];	/* some twice */
	size_t		nheld, again;
};

struct world {
	uint64_t	random;
	struct edit	edits[OPS];
	int		nedits;
	struct sup	sups[SUPS];
	size_t		nsups;
	struct device	devices[DEVICES];
	const char	*wrong;		/* what was wrong first */
};

static inline struct id
device_id(int device)
{
	struct id id;

	/* Not in the order of their numbers. */
	memset(id.b, (device * 3) % DEVICES + 1, sizeof id.b);
	return id;
}

static inline int
edit_of(const struct world *w, const struct dot *d)
{
	for (int i = 0; i < w->nedits; i++) {
		struct id id = device_id(w->edits[i].device);

		if (w->edits[i].n == d->n && id_eq(&id, &d->device))
			return i;
	}
	return -1;
}

static inline struct dot
dot_of(const struct edit *e)
{
	return (struct dot){ device_id(e->device), e->n };
}

/* splitmix64 */
static inline uint64_t
random_next(struct world *w)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline int
pick(struct world *w, int below)
{
	return (int)(random_next(w) % (uint64_t)below);
}

static inline void
wrong(struct world *w, const char *what)
{
	if (w->wrong == NULL)
		w->wrong = what;
}

#endif
