/*
 * bench -- what the programs of scripts/bench share: a stopwatch, a home that
 * is opened as a command opens it, a file of lines.
 */
#ifndef TESTS_TOOLS_BENCH_H
#define TESTS_TOOLS_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fieldkit/home.h"
#include "fieldkit/term.h"
#include "fieldkit/vault.h"
#include "sync/base/secret.h"

#define BENCH_FILE_MAX (256u << 20)

static inline double
bench_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Unlock with the passphrase in FIELDKIT_PASSPHRASE_FILE; *derive_ms is what
 * that took. */
static inline fault
bench_open(struct home *h, const char *path, double *derive_ms)
{
	struct secret_line l = { NULL, 0 };
	const char *pass = getenv("FIELDKIT_PASSPHRASE_FILE");
	uint8_t *master = NULL;
	fault f;

	if (pass == NULL)
		return fault_new(FAULT_USAGE, "no FIELDKIT_PASSPHRASE_FILE");
	if ((f = secret_start()) != NULL || (f = vault_start(NULL)) != NULL ||
	    (f = home_open(h, path)) != NULL ||
	    (f = secret_line_file(&l, pass)) != NULL)
		return f;
	*derive_ms = bench_ms();
	f = keyfile_unlock(&master, &h->keyfile,
	    (struct bytes){ l.at, l.len });
	*derive_ms = bench_ms() - *derive_ms;
	secret_line_free(&l);
	return f != NULL ? f : home_unlock(h, master);
}

/* Take the next line off all, without its newline; false at the end. */
static inline bool
bench_line(struct bytes *all, struct bytes *line)
{
	const uint8_t *nl = memchr(all->at, '\n', all->len);

	if (nl == NULL)
		return false;
	*line = (struct bytes){ all->at, (size_t)(nl - all->at) };
	*all = (struct bytes){ nl + 1, all->len - line->len - 1 };
	return true;
}

/* Say what went wrong and give main its exit code. */
static inline int
bench_end(fault f)
{
	if (f != NULL)
		fprintf(stderr, "%s\n", f->text);
	secret_wipe();
	return f != NULL;
}

#endif
