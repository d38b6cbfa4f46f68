#include "tests/unit/test.h"

#include "fieldkit/pack.h"
#include "sync/base/id.h"

/* Every member there is: both kinds of list, hints, classes, bounds. */
static const char whole[] = "{\"pack\":\"p\",\"version\":\"1\",\"lists\":{"
    "\"l\":[{\"code\":\"a\",\"nl\":\"A-nl\",\"en\":\"A-en\",\"class\":\"C\","
    "\"cluster\":\"k\",\"hint_nl\":\"h1\",\"hint_en\":\"h2\"}]},\"types\":["
    "{\"type\":\"t\",\"nl\":\"T-nl\",\"en\":\"T-en\",\"fields\":["
    "{\"field\":\"f\",\"nl\":\"F-nl\",\"en\":\"F-en\",\"class\":\"I\","
    "\"compartment\":\"team\",\"form\":\"code\",\"kind\":\"set\","
    "\"values\":\"l\"},"
    "{\"field\":\"g\",\"nl\":\"G-nl\",\"en\":\"G-en\",\"class\":\"DT\","
    "\"compartment\":\"identity\",\"form\":\"int\",\"required\":true,"
    "\"min\":-5,\"max\":7,\"hint_nl\":\"h3\",\"hint_en\":\"h4\","
    "\"not_above\":\"j\"},"
    "{\"field\":\"j\",\"nl\":\"J-nl\",\"en\":\"J-en\",\"class\":\"DT\","
    "\"compartment\":\"identity\",\"form\":\"int\"},"
    "{\"field\":\"h\",\"nl\":\"H-nl\",\"en\":\"H-en\",\"class\":\"I\","
    "\"compartment\":\"restricted\",\"form\":\"text\","
    "\"generate\":\"crockford8\"},"
    "{\"field\":\"i\",\"nl\":\"I-nl\",\"en\":\"I-en\",\"class\":\"I\","
    "\"compartment\":\"team\",\"form\":\"code\",\"values\":["
    "{\"code\":\"b\",\"nl\":\"B-nl\",\"en\":\"B-en\"}]}]}]}";

static struct pack *
kept_bytes(struct buf *out, struct bytes json)
{
	struct pack *p = NULL;

	assert_ok(pack_read(&p, json));
	pack_keep(out, p, json);
	return p;
}

/* pack_kept on exactly these n bytes, so that a step beyond is seen. */
static bool
made_again(struct pack **p, const uint8_t *at, size_t n)
{
	struct buf cut = { test_cut(at, n), n, n, n };
	bool ok = pack_kept(p, &cut);

	buf_free(&cut);
	return ok;
}

static void
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
same_values(const struct pack_value *a, const struct pack_value *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		same_text(a[i].code, b[i].code);
		same_text(a[i].nl, b[i].nl);
		same_text(a[i].en, b[i].en);
		same_text(a[i].class, b[i].class);
		same_text(a[i].cluster, b[i].cluster);
		same_text(a[i].hint_nl, b[i].hint_nl);
		same_text(a[i].hint_en, b[i].hint_en);
	}
}

static void
same_field(const struct pack_field *a, const struct pack_field *b)
{
	same_text(a->name, b->name);
	same_text(a->nl, b->nl);
	same_text(a->en, b->en);
	same_text(a->hint_nl, b->hint_nl);
	same_text(a->hint_en, b->hint_en);
	same_text(a->class, b->class);
	same_text(a->generate, b->generate);
	same_text(a->not_above, b->not_above);
	assert_int_equal(a->form, b->form);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->comp, b->comp);
	assert_int_equal(a->required, b->required);
	assert_true(a->min == b->min && a->max == b->max);
	assert_int_equal(a->nvalues, b->nvalues);
	same_values(a->values, b->values, a->nvalues);
}

static void
same_pack(const struct pack *a, const struct pack *b)
{
	same_text(a->name, b->name);
	same_text(a->version, b->version);
	assert_int_equal(a->nlists, b->nlists);
	for (size_t i = 0; i < a->nlists; i++) {
		same_text(a->lists[i].name, b->lists[i].name);
		assert_int_equal(a->lists[i].nvalues, b->lists[i].nvalues);
	}
	assert_int_equal(a->ntypes, b->ntypes);
	for (size_t i = 0; i < a->ntypes; i++) {
		same_text(a->types[i].name, b->types[i].name);
		same_text(a->types[i].nl, b->types[i].nl);
		same_text(a->types[i].en, b->types[i].en);
		assert_int_equal(a->types[i].nfields, b->types[i].nfields);
		for (size_t k = 0; k < a->types[i].nfields; k++)
			same_field(&a->types[i].fields[k],
			    &b->types[i].fields[k]);
	}
}

static void
comes_back(struct bytes json)
{
	struct buf kept = BUF_EMPTY;
	struct pack *read = kept_bytes(&kept, json), *again = NULL;

	assert_true(made_again(&again, kept.at, kept.len));
	same_pack(read, again);
	pack_free(read);
	pack_free(again);
	buf_free(&kept);
}

TEST(a_kept_pack_is_the_one_that_was_read)
{
	struct bytes json;

	comes_back(bytes_of(whole));
	assert_ok(pack_builtin(&json, "default"));
	comes_back(json);
}

TEST(kept_bytes_know_the_pack_that_they_were_made_from)
{
	struct buf kept = BUF_EMPTY;

	pack_free(kept_bytes(&kept, bytes_of(whole)));
	assert_true(pack_kept_of(buf_view(&kept), bytes_of(whole)));
	assert_false(pack_kept_of(buf_view(&kept), (struct bytes){
	    (const uint8_t *)whole, sizeof whole - 2 }));
	assert_false(pack_kept_of(BYTES_EMPTY, bytes_of(whole)));
	buf_free(&kept);
}

TEST(bytes_of_another_version_are_not_read)
{
	struct buf kept = BUF_EMPTY;
	struct pack *p = NULL;

	assert_false(pack_kept(&p, &kept));
	pack_free(kept_bytes(&kept, bytes_of(whole)));
	kept.at[0]++;
	assert_false(pack_kept_of(buf_view(&kept), bytes_of(whole)));
	assert_false(pack_kept(&p, &kept));
	assert_null(p);
	buf_free(&kept);
}

TEST(kept_bytes_cut_anywhere_are_not_read)
{
	struct buf kept = BUF_EMPTY;
	struct pack *p = NULL;

	pack_free(kept_bytes(&kept, bytes_of(whole)));
	for (size_t n = 0; n < kept.len; n++)
		assert_false(made_again(&p, kept.at, n));
	buf_add(&kept, "", 1);
	assert_false(pack_kept(&p, &kept));
	assert_null(p);
	buf_free(&kept);
}

/* What a field refers to is there, and its form is one of ours. */
static void
assert_sound(const struct pack *p)
{
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < p->ntypes; i++)
		for (size_t k = 0; k < p->types[i].nfields; k++) {
			const struct pack_field *f = &p->types[i].fields[k];
			fault bad = pack_check(&out, f, bytes_of("a"));

			assert_true(bad == NULL ||
			    bad->code == FAULT_INVALID);
			assert_int_equal(f->form == FORM_CODE,
			    f->values != NULL);
		}
	buf_free(&out);
}

TEST(a_flipped_bit_is_not_read_or_gives_another_whole_pack)
{
	struct buf kept = BUF_EMPTY;

	pack_free(kept_bytes(&kept, bytes_of(whole)));
	for (size_t i = 0; i < 8 * kept.len; i++) {
		struct pack *p = NULL;

		kept.at[i / 8] ^= (uint8_t)(1u << i % 8);
		if (made_again(&p, kept.at, kept.len))
			assert_sound(p);
		pack_free(p);
		kept.at[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf_free(&kept);
}

int
main(void)
{
	return RUN(
	    T(a_kept_pack_is_the_one_that_was_read),
	    T(kept_bytes_know_the_pack_that_they_were_made_from),
	    T(bytes_of_another_version_are_not_read),
	    T(kept_bytes_cut_anywhere_are_not_read),
	    T(a_flipped_bit_is_not_read_or_gives_another_whole_pack));
}
