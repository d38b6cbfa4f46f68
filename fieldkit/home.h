/*
 * home -- one device's folder: one membership of one project.
 *
 * In clear: kit.conf (project, genesis, device), hubs, repo.git, alarms, the
 * last sync's report.  Encrypted: device.db.  Wrapped: keyfile.a, keyfile.b.
 */
#ifndef FIELDKIT_HOME_H
#define FIELDKIT_HOME_H

#include "fieldkit/keyfile.h"
#include "fieldkit/store.h"
#include "sync/base/file.h"
#include "sync/keys.h"
#include "sync/site.h"

struct home_hub {
	char		*name, *url;
	struct id	id;		/* zeros until first seen */
	uint64_t	last_sync;	/* ms since 1970; 0: never */
};

struct home {
	char		*path;		/* absolute */
	struct id	project, device;
	struct hash	genesis;
	bool		practice;
	struct home_hub	*hubs;
	size_t		nhubs;
	struct keyfile	keyfile;
	/* set by home_unlock */
	uint8_t		*master;	/* NULL while locked */
	struct db	*db;
	struct store	store;
	struct signer	signer;
	struct keys	*keys;
	/* A recovery's entries, made by hand, wait to be bound as they are. */
	bool		drafts_stand;
	/* The paper key's signing half, while a command has it at hand. */
	uint8_t		*paper_sk;
	/* set by home_site */
	struct site	site;
	bool		site_open;
};

#define HOME_EMPTY { .path = NULL }

/*
 * A new home is built beside its place, at home_draft's path, and moved there
 * by home_place when it is whole: a kill leaves no half home.  FAULT_INVALID
 * if something is there already.
 */
fault home_draft(char **draft, const char *path) MUST_CHECK;
fault home_place(const char *draft, const char *path) MUST_CHECK;

/* Fill a draft: kit.conf from h's clear fields, keyfile, database, repo. */
fault home_build(struct home *h, struct bytes passphrase,
    const uint8_t paper_box[32]) MUST_CHECK;
/* Write kit.conf again (the genesis is known only after the repository). */
fault home_save_conf(const struct home *) MUST_CHECK;

/*
 * Read the clear files.  FAULT_ABSENT: there is no project here;
 * FAULT_INVALID: written by a newer version.
 */
fault home_open(struct home *, const char *path) MUST_CHECK;
void home_close(struct home *);		/* wipes and closes everything */

/* With a master key in locked memory (taken even on a fault): open the
 * database, bring it to today's schema, read signer and keys. */
fault home_unlock(struct home *, uint8_t *master) MUST_CHECK;
/* Open repository and roster (with keys if unlocked). */
fault home_site(struct home *) MUST_CHECK;

/*
 * One process at a time seals, syncs or merges in a home; waits 30 s.  What
 * another did there meanwhile is seen: the roster of an open site is read
 * again, and members found before are gone.
 */
fault home_lock(struct file_lock *, struct home *) MUST_CHECK;
fault home_lock_within(struct file_lock *, struct home *, int wait_ms)
    MUST_CHECK;

/*
 * The last step of erasing (store_erase): the database into a new file under
 * a new random key, so that no block of the old one can be opened any more.
 * Of an unlocked home, under home_lock, with no transaction or statement
 * under way; db and store are others afterwards.  Until it has worked
 * store_remains says so, and it is done again.  On a fault nothing is lost;
 * db is NULL if the file could not be opened.
 */
fault home_rewrite(struct home *) MUST_CHECK;

/*
 * The list of hubs in a home that has its place is changed under a lock of its
 * own, in which it is read again: what another process has put there since
 * home_open stays.  Hubs found before are gone then.  Change, save, unlock.
 */
fault home_hubs_lock(struct file_lock *, struct home *) MUST_CHECK;
void home_add_hub(struct home *, const char *name, const char *url);
void home_drop_hub(struct home *, struct home_hub *);
fault home_save_hubs(const struct home *) MUST_CHECK;
fault home_read_hubs(struct home *) MUST_CHECK;	/* in place of h's */
void home_forget_hubs(struct home *);
/* By name, or by address.  NULL if there is none. */
struct home_hub *home_hub(struct home *, const char *name_or_url);

/* Key set and signer in the database, wrapped by a subkey of the master. */
fault home_save_keys(struct home *) MUST_CHECK;
/* Draw a signing and a box key pair for this device, and keep them. */
fault home_draw_signer(struct home *) MUST_CHECK;

/*
 * A secret of this device, wrapped by a subkey of the master key.  Getting one gives
 * locked memory of *n bytes that the caller frees; NULL: never put.
 */
fault home_put_secret(struct home *, const char *name, struct bytes plain)
    MUST_CHECK;
fault home_get_secret(struct home *, const char *name, uint8_t **plain,
    size_t *n) MUST_CHECK;

/* A file of the home, "repo.git"; the caller frees. */
char *home_file(const struct home *, const char *name);

#endif
