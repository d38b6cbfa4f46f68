/*
 * newer HOME ID WEATHER -- what a colleague with a newer pack would have saved in
 * HOME: a record of a type that no pack of today knows, with a value and a
 * set, and in the record ID (32 hex digits) WEATHER in a field that its type
 * has not.  Prints the id of the new record.
 */
#include "tests/tools/bench.h"

static void
value(struct change *c, const char *name, const char *v)
{
	change_add_value(change_add(c, bytes_of(name), COMP_TEAM, KIND_VALUE),
	    bytes_of(v));
}

static fault
put_route(struct home *h)
{
	struct change c = CHANGE_EMPTY;
	struct change_field *stops;
	char hex[ID_HEX];
	bool new;
	fault f;

	c.dot.device = h->device;
	c.record = id_random();
	c.type = bytes_of("night_walk");
	if ((f = store_next_index(&h->store, &c.index)) != NULL)
		return f;
	value(&c, "route", "langs het kanaal");
	stops = change_add(&c, bytes_of("stops"), COMP_TEAM, KIND_SET);
	change_add_value(stops, bytes_of("brug"));
	change_add_value(stops, bytes_of("plein"));
	change_sort(&c);
	if ((f = store_put(&h->store, &c, &new)) == NULL)
		puts(id_hex(hex, &c.record));
	change_free(&c);
	return f;
}

static fault
put_field(struct home *h, const struct id *id, const char *weather)
{
	struct change c = CHANGE_EMPTY;
	struct record r;
	bool new;
	fault f;

	if ((f = store_record(&h->store, &r, id)) != NULL)
		return f;
	c.dot.device = h->device;
	c.record = *id;
	c.index = r.index;
	c.type = r.type;
	value(&c, "weather", weather);
	change_sort(&c);
	f = store_put(&h->store, &c, &new);
	change_free(&c);
	record_free(&r);
	return f;
}

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	struct id id;
	double ms;
	fault f;

	if (argc != 4 || !id_parse(&id, argv[2]))
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: newer HOME ID WEATHER"));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL &&
	    (f = db_begin(h.db)) == NULL) {
		if ((f = put_route(&h)) == NULL)
			f = put_field(&h, &id, argv[3]);
		f = db_end(h.db, f);
	}
	home_close(&h);
	return bench_end(f);
}
