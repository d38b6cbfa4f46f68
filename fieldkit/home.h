/*
 * home -- one device's folder: one membership of one project.
 *
 * In clear: kit.conf (project, genesis, device), hubs, repo.git, alarms, the
 * last sync's report.  Encrypted: device.db.  Wrapped: keyfile.a, keyfile.b.
 */
#ifndef FIELDKIT_HOME_H
#define FIELDKIT_HOME_H

#include "fieldkit/db.h"
#include "fieldkit/keyfile.h"
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
	struct signer	signer;
	struct keys	*keys;
	/* set by home_site */
	struct site	site;
	bool		site_open;
};

/* Make the folder (0700) and kit.conf, for init and join.  FAULT_INVALID if
 * a home is there already. */
fault home_create(struct home *, const char *path, const struct id *project,
    const struct hash *genesis, const struct id *device, bool practice)
    MUST_CHECK;

/* Read the clear files.  FAULT_ABSENT: "no project here; ..." with what to do.
 * FAULT_INVALID: written by a newer version. */
fault home_open(struct home *, const char *path) MUST_CHECK;
void home_close(struct home *);		/* wipes and closes everything */

/* With a master key in locked memory (taken): open the database, migrate,
 * read signer and keys. */
fault home_unlock(struct home *, uint8_t *master) MUST_CHECK;
/* Open repository and roster (with keys if unlocked). */
fault home_site(struct home *) MUST_CHECK;

/* One process at a time seals, syncs or merges in a home. */
fault home_lock(struct file_lock *, const struct home *) MUST_CHECK;

fault home_save_hubs(const struct home *) MUST_CHECK;
struct home_hub *home_hub(struct home *, const char *name_or_url);

/* Keys and secrets in the database, wrapped by a subkey of the master key. */
fault home_save_keys(struct home *) MUST_CHECK;
fault home_save_signer(struct home *, const uint8_t box_sk[32]) MUST_CHECK;

#endif
