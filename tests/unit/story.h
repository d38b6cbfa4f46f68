/*
 * story -- the changes of one record, told in words, for the tests of merge.
 *
 * Each word adds to the last change, or begins one when the dot is another:
 * value(&s, "A1", "f", "x", NULL).  What stands is compared as a line of
 * text: "f=x@A1,y@B1! tags{t@A2} W!".
 */
#ifndef TESTS_UNIT_STORY_H
#define TESTS_UNIT_STORY_H

#include "tests/unit/test.h"

#include "sync/merge.h"

#define B(s) bytes_of(s)

struct story {
	struct change	c[32];
	size_t		n;
};

static inline struct dot
dot_named(const char *name)
{
	struct dot d = { .n = (uint64_t)strtoul(name + 1, NULL, 10) };

	memset(d.device.b, name[0], sizeof d.device.b);
	return d;
}

static inline struct change_field *
field(struct story *s, const char *dot, const char *name, enum kind kind)
{
	struct dot d = dot_named(dot);

	if (s->n == 0 || dot_cmp(&s->c[s->n - 1].dot, &d) != 0) {
		assert_true(s->n < sizeof s->c / sizeof s->c[0]);
		s->c[s->n] = (struct change){ .dot = d, .clock = s->n + 1 };
		s->n++;
	}
	return change_add(&s->c[s->n - 1], B(name), COMP_TEAM, kind);
}

/* sup: names of dots, a blank between; NULL ends. */
static inline void
add_sups(struct change_field *f, const char *sup, const char *elem)
{
	for (; sup != NULL && *sup != '\0'; sup += strcspn(sup, " "),
	    sup += strspn(sup, " ")) {
		struct dot d = dot_named(sup);

		change_add_sup(f, &d, B(elem));
	}
}

static inline void
value(struct story *s, const char *dot, const char *name, const char *v,
    const char *sup)
{
	struct change_field *f = field(s, dot, name, KIND_VALUE);

	change_add_value(f, B(v));
	add_sups(f, sup, "");
	change_sort(&s->c[s->n - 1]);
}

static inline void
set_add(struct story *s, const char *dot, const char *name, const char *elem)
{
	change_add_value(field(s, dot, name, KIND_SET), B(elem));
	change_sort(&s->c[s->n - 1]);
}

static inline void
set_remove(struct story *s, const char *dot, const char *name,
    const char *elem, const char *sup)
{
	add_sups(field(s, dot, name, KIND_SET), sup, elem);
	change_sort(&s->c[s->n - 1]);
}

/* The last change did not open. */
static inline void
withhold(struct story *s)
{
	struct change *c = &s->c[s->n - 1];

	for (size_t i = 0; i < c->nfields; i++) {
		c->fields[i].withheld = true;
		c->fields[i].nval = 0;
	}
}

static inline void
put_item(struct buf *b, const struct item *it)
{
	buf_text(b, "%.*s@%c%llu", it->withheld ? 1 : (int)it->value.len,
	    it->withheld ? "?" : it->value.len == 0 ? "" :
	    (const char *)it->value.at, it->dot.device.b[0],
	    (unsigned long long)it->dot.n);
}

static inline void
put_merged(struct buf *b, const struct merged *m)
{
	for (size_t i = 0; i < m->nfields; i++) {
		const struct merged_field *f = &m->fields[i];
		bool set = f->kind == KIND_SET;

		buf_text(b, "%s%.*s%s", i > 0 ? " " : "", (int)f->name.len,
		    (const char *)f->name.at, set ? "{" : "=");
		for (size_t k = 0; k < f->nitems; k++) {
			buf_text(b, "%s", k > 0 ? "," : "");
			put_item(b, &f->items[k]);
		}
		buf_text(b, "%s%s", set ? "}" : "", f->conflict ? "!" : "");
	}
	buf_text(b, "%s%s", m->withdrawn ? " W" : "",
	    m->withdraw_conflict ? "!" : "");
}

static inline void
merge_story(struct merged *m, const struct story *s)
{
	const struct change *at[32];

	for (size_t i = 0; i < s->n; i++)
		at[i] = &s->c[i];
	merge(m, at, s->n);
}

static inline void
stands(struct story *s, const char *want)
{
	struct buf b = BUF_EMPTY;
	struct merged m;

	merge_story(&m, s);
	put_merged(&b, &m);
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
	merged_free(&m);
}

static inline void
over(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		change_free(&s->c[i]);
	s->n = 0;
}

#endif
