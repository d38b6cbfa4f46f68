/*
 * sign -- Ed25519 in OpenSSH's SSHSIG form: what stock git and ssh-keygen
 * verify.  One signer and one verifier for every signature of the kit; the
 * namespace keeps them apart.  Bytes: WIRE.md, section 4.
 */
#ifndef SYNC_SIGN_H
#define SYNC_SIGN_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"
#include "schema/wire.h"

#include <stdbool.h>

#define SIGN_PK 32
#define SIGN_SK 64		/* libsodium's form; lives in locked memory */
#define SIGN_GIT "git"
#define SIGN_ROSTER "kit-roster@v1"
#define SIGN_INVITE "kit-invite@v1"
#define SIGN_JOIN "kit-join@v1"

void sign_keypair(uint8_t pk[SIGN_PK], uint8_t sk[SIGN_SK]);
void sign_from_seed(uint8_t pk[SIGN_PK], uint8_t sk[SIGN_SK],
    const uint8_t seed[32]);

/*
 * Can anything be kept secret by sealing to this key?  Zeros and the other
 * points of low order make the same secret for everybody.
 */
bool sign_box_usable(const uint8_t box_pk[32]);

/* The bare 64 bytes over the SSHSIG signed data of msg. */
void sign(uint8_t sig[WIRE_SIG_LEN], const uint8_t sk[SIGN_SK],
    const char *namespace, struct bytes msg);
bool sign_ok(const uint8_t sig[WIRE_SIG_LEN], const uint8_t pk[SIGN_PK],
    const char *namespace, struct bytes msg);

/* The armoured text, without a newline at its end. */
void sign_armor(struct buf *out, const uint8_t pk[SIGN_PK],
    const char *namespace, const uint8_t sig[WIRE_SIG_LEN]);
/* Strict: exact lengths, algorithms, namespace, line breaks.  FAULT_FORMAT. */
fault sign_unarmor(uint8_t pk[SIGN_PK], uint8_t sig[WIRE_SIG_LEN],
    const char *namespace, struct bytes armor) MUST_CHECK;

/* "<device>@kit.invalid namespaces=\"git\" ssh-ed25519 AAAA...\n" */
void sign_allowed(struct buf *out, const char *device_hex,
    const uint8_t pk[SIGN_PK]);

#endif
