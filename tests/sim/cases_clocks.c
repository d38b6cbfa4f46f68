/*
 * cases_clocks -- B7: clocks that are years off, and jump.
 */
#include <string.h>

#include "tests/sim/cases.h"

#define YEAR INT64_C(31557600000)

/* Do d1's changes carry rising times, in the order of their numbers? */
static void
order_is_kept(struct world *w, int d)
{
	struct stmt *s = db_prepare(w->devices[d].home.db, "SELECT c.body FROM "
	    "change c JOIN device d ON d.ref = c.device WHERE d.id = ? "
	    "ORDER BY c.n");
	struct change c;
	uint64_t last = 0;
	bool row;
	fault f;

	stmt_blob(s, 1, (struct bytes){ w->model.device[1].b, WIRE_ID_LEN });
	while ((f = stmt_step(s, &row)) == NULL && row) {
		must_work(w, change_decode(&c, stmt_get(s, 0)));
		must(w, c.clock > last, "a later change has an earlier time");
		last = c.clock;
		change_free(&c);
	}
	must_work(w, f);
}

/*
 * d1 works under a wrong clock, which then jumps back in mid-session.  fresh:
 * it has written nothing before, so nothing keeps its times from falling.
 */
static void
works_at(struct world *w, int64_t skew, bool fresh, bool odd)
{
	struct findings fs;
	char ref[REF_MAX];

	if (!fresh)
		in_step(w);
	w->hubs[0].may = MAY(FIND_CLOCK);
	w->devices[1].skew = skew;
	writes(w, 1, 2, -1);
	must_work(w, world_act(w, 1, ACT_SEAL, 0, NULL));
	w->devices[1].skew = 0;
	writes(w, 1, 2, 0);
	must_work(w, looks(w, 2, 0, &fs));
	model_ref(ref, &w->model, 1);
	must(w, model_lacks(&w->model, 2) == 0, "something was rejected");
	must(w, found(&fs, FIND_CLOCK, ref) == odd, odd ?
	    "an odd date is not flagged" : "a good date is flagged");
	must(w, fs.n == (size_t)odd, "there are other alarms");
	findings_free(&fs);
	order_is_kept(w, 1);
	order_is_kept(w, 2);
	w->clocks = true;
	world_converge(w, 3);
}

static void
late_from_the_start(struct world *w)
{
	works_at(w, -10 * YEAR, true, true);
}

/* What it wrote before holds its times up. */
static void
late_later(struct world *w)
{
	works_at(w, -10 * YEAR, false, false);
}

static void
ten_years_early(struct world *w)
{
	works_at(w, 10 * YEAR, false, true);
}

static void
in_1970(struct world *w)
{
	works_at(w, 2000 - (int64_t)w->now, true, true);
}

static void
in_2038(struct world *w)
{
	works_at(w, INT64_C(2147483648000) - (int64_t)w->now, false, true);
}

static void
in_2106(struct world *w)
{
	works_at(w, INT64_C(4294967296000) - (int64_t)w->now, false, true);
}

static void
five_minutes_off(struct world *w)
{
	works_at(w, 300000, false, false);
}

const struct one_case clock_cases[] = {
	{ "B7: a clock ten years late loses nothing and is flagged",
	    late_from_the_start },
	{ "B7: a clock that falls back ten years leaves the order as it was",
	    late_later },
	{ "B7: a clock ten years early loses nothing and is flagged",
	    ten_years_early },
	{ "B7: a clock in 1970 too", in_1970 },
	{ "B7: a clock in 2038 too", in_2038 },
	{ "B7: a clock in 2106 too", in_2106 },
	{ "B7: a clock five minutes off is not flagged", five_minutes_off },
	{ NULL, NULL },
};
