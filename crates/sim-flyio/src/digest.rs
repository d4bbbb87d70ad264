//! SHA-256 (FIPS 180-4), for image digests only; nothing secret passes through here.

/// The digest of `content` as registries write it: `sha256:` and 64 hexadecimal digits.
pub(crate) fn sha256(content: &[u8]) -> String {
    let mut padded = content.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(content.len() as u64 * 8).to_be_bytes());
    let (mut state, rounds) = constants();
    for block in padded.chunks_exact(64) {
        compress(&mut state, block, &rounds);
    }
    state.iter().fold("sha256:".to_owned(), |text, word| format!("{text}{word:08x}"))
}

/// Initial state and round constants: the fraction bits of roots of the first primes.
fn constants() -> ([u32; 8], [u32; 64]) {
    let mut primes = (2_u32..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let primes: [u32; 64] = std::array::from_fn(|_| primes.next().expect("primes never end"));
    let state = std::array::from_fn(|i| fraction(primes[i], 2));
    (state, primes.map(|prime| fraction(prime, 3)))
}

/// The first 32 fraction bits of the `degree`-th root of `n`: floor(root(n) * 2^32) mod 2^32.
fn fraction(n: u32, degree: u32) -> u32 {
    let root = (0..36).rev().fold(0_u128, |low, bit| {
        let tried = low | (1 << bit);
        // root <= n^(1/d) * 2^32  <=>  root^d <= n * 2^(32 d); 128 bits hold the cube of 36 bits
        if tried.pow(degree) <= u128::from(n) << (32 * degree) { tried } else { low }
    });
    u32::try_from(root & u128::from(u32::MAX)).expect("masked to 32 bits")
}

fn compress(state: &mut [u32; 8], block: &[u8], rounds: &[u32; 64]) {
    let mut words = [0_u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes(bytes.try_into().expect("chunks of four"));
    }
    for i in 16..64 {
        let (near, far) = (words[i - 2], words[i - 15]);
        let near = near.rotate_right(17) ^ near.rotate_right(19) ^ (near >> 10);
        let far = far.rotate_right(7) ^ far.rotate_right(18) ^ (far >> 3);
        words[i] = near.wrapping_add(words[i - 7]).wrapping_add(far).wrapping_add(words[i - 16]);
    }
    let mut now = *state;
    for (word, constant) in words.iter().zip(rounds) {
        now = round(now, word.wrapping_add(*constant));
    }
    for (total, word) in state.iter_mut().zip(now) {
        *total = total.wrapping_add(word);
    }
}

#[expect(clippy::many_single_char_names, reason = "the names that the standard uses")]
fn round([a, b, c, d, e, f, g, h]: [u32; 8], word: u32) -> [u32; 8] {
    let sum = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let first = h.wrapping_add(sum).wrapping_add((e & f) ^ (!e & g)).wrapping_add(word);
    let sum = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    let second = sum.wrapping_add((a & b) ^ (a & c) ^ (b & c));
    [first.wrapping_add(second), a, b, c, d.wrapping_add(first), e, f, g]
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn digests_are_those_of_the_standard() {
        let table = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ];
        for (content, wanted) in table {
            assert_eq!(sha256(content.as_bytes()), format!("sha256:{wanted}"));
        }
    }
}
