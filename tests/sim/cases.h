/*
 * cases -- small worlds in which one thing goes wrong, by its number in the
 * list of acceptance tests; and TAP lines.
 */
#ifndef TESTS_SIM_CASES_H
#define TESTS_SIM_CASES_H

#include "tests/sim/world.h"

void tap(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Said to be skipped, with the reason; never counted as passed. */
void tap_skip(const char *name, const char *why);
/* Lines that another process wrote, counted as ours; false: there are none. */
bool tap_take(const char *path);
/* The plan; the exit code. */
int tap_end(void);

/* only: a part of the name of those that run; NULL: all. */
void cases_run(uint8_t *masters[DEVICES], const char *only, bool verbose);

/* One case: a sentence that is true, and how it is shown. */
struct one_case {
	const char	*name;
	void		(*run)(struct world *);
};
extern const struct one_case hub_cases[];	/* B3; ends with NULL */
extern const struct one_case copy_cases[];	/* B5, B6, B8 */
extern const struct one_case clock_cases[];	/* B7 */
extern const struct one_case damage_cases[];	/* B9 */
void damage_strangers_commit(struct world *);	/* B9 too */
/*
 * What is specified and today's program does not do: each is tried, and said
 * to be skipped, with the reason, as long as it does not hold.
 */
extern const struct not_yet {
	struct one_case	one;
	const char	*why;
} not_yet[];

/* ---- words for cases ---- */

#define REF_ROSTER_NAME "refs/heads/roster"
#define CASE_DIR(hub, view) ((hub) == 0 ? (view) == 0 ? "h0.0" : "h0.1" : \
    (view) == 0 ? "h1.0" : "h1.1")

/* wrong() unless ok. */
void must(struct world *, bool ok, const char *what);
void must_work(struct world *, fault);
/* Everybody has written, met at h0, been admitted, and knows all. */
void in_step(struct world *);
/* d saves n notes, and syncs with hub (-1: with none). */
void writes(struct world *, int d, unsigned n, int hub);
/* A sync that works and raises nothing. */
void quiet(struct world *, int d, int hub);
/*
 * A sync that raises code about the device's branch (chain), and nothing
 * that is of another code.
 */
void raises(struct world *, int d, int hub, enum finding_code, int chain);
/* As raises; of any ref. */
void raises_at(struct world *, int d, int hub, enum finding_code,
    const char *ref);
/* Of any alarm, or none: what a sync finds. */
fault looks(struct world *, int d, int hub, struct findings *);
/* Is there one like it? */
bool found(const struct findings *, enum finding_code, const char *ref);
/* A commit of chain's device, an announcement, at the hub in dir: seq is its
 * head's + ahead; late is added to its date. */
struct oid forge(struct world *, int chain, const char *dir, int ahead,
    int late);
/* Put the ref of a chain back by n commits. */
void back(struct world *, const char *dir, int chain, unsigned n);

#endif
