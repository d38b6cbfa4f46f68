/*
 * Every state of the disk that a power cut may leave, over 30 transactions:
 * each opens, is whole, and has everything that was acknowledged.
 */
#include "tests/unit/tally.h"

#define STEPS 30
#define SEEDS 4

struct crash {
	struct disk_file durable[DISK_FILES];	/* as of the last sync */
	size_t		synced[DISK_FILES];	/* operations in it */
	struct disk_op	*log;
	size_t		nlog;
	size_t		acked[STEPS + 1];
	unsigned	states, unopened, lost, broken, torn;
};

static void
put_sectors(struct disk_file *f, const struct disk_op *op, uint64_t *seed)
{
	size_t end;

	for (size_t at = op->at; at < op->at + op->len; at = end) {
		end = (at / DISK_SECTOR + 1) * DISK_SECTOR;
		if (end > op->at + op->len)
			end = op->at + op->len;
		if (seed != NULL && tally_random(seed) % 2 == 0)
			continue;
		disk_room(f, end);
		memcpy(f->at + at, op->data + (at - op->at), end - at);
	}
}

static void
apply(struct disk_file *f, const struct disk_op *op, uint64_t *seed)
{
	if (op->what == DISK_CREATE)
		f->there = true;
	if (op->what == DISK_TRUNCATE && op->at < f->len)
		f->len = op->at;
	if (op->what == DISK_WRITE && f->there)
		put_sectors(f, op, seed);
}

/*
 * Seed 0: everything reached the disk.  1: what was not synced is lost or
 * not.  2: each of its sectors is.  3: lost, torn or whole.
 */
static void
apply_unsynced(struct disk_file *f, const struct disk_op *op, unsigned seed,
    uint64_t *state)
{
	uint64_t draw = tally_random(state);

	if (seed == 0 || (seed == 1 && draw % 2 == 0) ||
	    (seed == 3 && draw % 3 == 0))
		apply(f, op, NULL);
	else if (seed == 2 || (seed == 3 && draw % 3 == 1))
		apply(f, op, state);
}

static void
make_state(struct crash *c, size_t upto, unsigned seed)
{
	uint64_t state = upto * SEEDS + seed;

	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &disk.files[i], *d = &c->durable[i];

		disk_set(f, d->at, d->len);
		f->there = d->there;
		for (size_t k = c->synced[i]; k < upto; k++)
			if (c->log[k].file == i)
				apply_unsynced(f, &c->log[k], seed, &state);
	}
}

static void
advance(struct crash *c, size_t k)
{
	int i = c->log[k].file;

	if (c->log[k].what != DISK_SYNC)
		return;
	for (size_t j = c->synced[i]; j < k; j++)
		if (c->log[j].file == i)
			apply(&c->durable[i], &c->log[j], NULL);
	c->synced[i] = k + 1;
}

static int
acknowledged(const struct crash *c, size_t upto)
{
	int n = -1;

	while (n < STEPS && c->acked[n + 1] <= upto)
		n++;
	return n;
}

static void
try_state(struct crash *c, size_t upto)
{
	int least = acknowledged(c, upto);
	struct db *db = NULL;

	c->states++;
	c->torn += disk_find(TALLY_JOURNAL)->len > 0;
	if (tally_open(&db) != NULL) {
		c->unopened++;
		return;
	}
	if (!tally_fits(db, least, least + 1))
		c->lost++;
	if (db_check(db) != NULL)
		c->broken++;
	db_close(db);
}

static void
run_story(struct crash *c)
{
	struct db *db = NULL;

	disk.logging = true;
	assert_ok(tally_open(&db));
	tally_learn(db, STEPS, c->acked);
	db_close(db);
	disk.logging = false;
	c->log = disk.log;
	c->nlog = disk.nlog;
	disk.log = NULL;
	disk.nlog = 0;
}

/* A sanitized build takes every tenth state: the campaign is the other's. */
#ifdef SANITIZED
#define EVERY 10
#else
#define EVERY 1
#endif

TEST(after_a_power_cut_anywhere_all_acknowledged_is_there)
{
	struct crash c = { 0 };

	run_story(&c);
	for (size_t k = 0; k <= c.nlog; k++) {
		for (unsigned seed = 0; seed < SEEDS; seed++) {
			if ((k * SEEDS + seed) % EVERY != 0)
				continue;
			make_state(&c, k, seed);
			try_state(&c, k);
		}
		if (k < c.nlog)
			advance(&c, k);
	}
	print_message("# %u states, %u with a journal: %u unopened, "
	    "%u lost, %u broken\n", c.states, c.torn, c.unopened, c.lost,
	    c.broken);
	assert_true(c.states * EVERY >= 9000);
	assert_int_equal(c.unopened, 0);
	assert_int_equal(c.lost, 0);
	assert_int_equal(c.broken, 0);
	assert_int_equal(vault_odd(), 0);
	for (size_t i = 0; i < c.nlog; i++)
		free(c.log[i].data);
	free(c.log);
	for (int i = 0; i < DISK_FILES; i++)
		free(c.durable[i].at);
	disk_clear();
}

int
main(void)
{
	disk_start();
	if (vault_start("disk") != NULL)
		return 1;
	if (secret_start() != NULL)
		return 1;
	vault_key(TALLY_PATH, tally_key, tally_store);
	return RUN(T(after_a_power_cut_anywhere_all_acknowledged_is_there));
}
