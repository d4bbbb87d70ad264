//! How tokens look, where they stand, and what looks like them.

use fastrand::Rng;

const TOKENS: &str = include_str!("tokens.txt");
/// The line breaks of the table.
const BREAK: char = '⏎';

/// Makes the random parts of tokens. The same ones in every run.
pub(super) struct Dice(Rng);

impl Dice {
    pub(super) fn new() -> Self {
        Self(Rng::with_seed(20_260_325))
    }

    fn text(&mut self, set: &str, length: usize) -> String {
        let set: Vec<char> = set.chars().collect();
        (0..length).map(|_| set[self.0.usize(..set.len())]).collect()
    }
}

/// What to put where a token has something random.
type Filling = Box<dyn FnMut(&str, usize) -> String>;

/// One shape of a rule's tokens, in one kind of place.
pub(super) struct Case {
    pub(super) rule: String,
    place: String,
    shape: String,
}

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let lines = TOKENS.lines().filter(|it| !it.is_empty() && !it.starts_with("# "));
    let case = |line: &str| {
        let parts: Vec<_> = line.splitn(3, " | ").map(str::to_owned).collect();
        let [rule, place, shape] = <[String; 3]>::try_from(parts).unwrap();
        Case { rule, place: place.replace(BREAK, "\n"), shape }
    };
    lines.map(case).chain(environment_files()).collect()
}

/// Rules that look at files of a certain name alone.
fn environment_files() -> impl Iterator<Item = Case> {
    let names = ["SHOP_API_KEY", "SMTP_PASSWORD", "SESSION_SECRET", "export AUTH_TOKEN"];
    names.into_iter().map(|name| Case {
        rule: "env-file-secret".into(),
        place: format!("PORT=4000\n{name}=@\nHOST=0.0.0.0"),
        shape: "{w24}".into(),
    })
}

impl Case {
    pub(super) fn token(&self, dice: &mut Dice) -> String {
        fill(&self.shape, &mut |set, length| random(set, length, dice))
    }

    /// A new token in each place where it is one.
    pub(super) fn violations(&self, dice: &mut Dice) -> Vec<(String, String)> {
        let token = self.token(dice);
        self.around(&token, dice)
    }

    /// This token in each place where it is one, with the file's name.
    pub(super) fn around(&self, token: &str, dice: &mut Dice) -> Vec<(String, String)> {
        let Self { rule, place, .. } = self;
        if rule == "env-file-secret" {
            return vec![(".env".into(), place.replace('@', token))];
        }
        let setting = |path: &str, text: String| (path.to_owned(), text);
        let upper = place.to_uppercase();
        if place.contains('@') {
            let place = fill(place, &mut |set, length| random(set, length, dice));
            return vec![setting("config/prod.exs", with(&place, token))];
        }
        vec![
            setting("config/prod.exs", format!("config :shop, {place}: \"{token}\"")),
            setting("lib/shop.ex", format!("  @{place} \"{token}\"\n  def go, do: @{place}")),
            setting(".envrc", format!("export {upper}={token}\nPORT=4000")),
            setting("k8s/shop.yaml", format!("env:\n  {place}: {token}\n  port: 4000")),
            setting("app.json", format!("{{\"{place}\": \"{token}\", \"port\": 4000}}")),
            setting("lib/shop.ex", format!("  # it was {upper}={token} once\n")),
            setting("lib/shop.ex", format!("url = \"https://shop.dev/hook?{place}={token}\"")),
            setting("test/shop_test.exs", format!("System.put_env(\"{upper}\", \"{token}\")")),
        ]
        .into_iter()
        .filter(|(path, text)| self.is_found_in(path, text))
        .collect()
    }

    /// Keys and passwords of tests are none; and a shape that holds an address cannot stand in another one.
    fn is_found_in(&self, path: &str, text: &str) -> bool {
        let keys = ["jwt", "phoenix-secret-key-base"].contains(&self.rule.as_str());
        let tested = path.starts_with("test/") && (keys || self.rule.ends_with("-url"));
        let spaced = text.contains("put_env") && self.place.contains('_');
        let images = self.rule == "cloudinary-url";
        !tested && !spaced || images
    }

    /// The same places with what is no token: held for one, cut off, or typed.
    pub(super) fn look_alikes(&self, dice: &mut Dice) -> Vec<String> {
        let typed = "abcdefghijklmnopqrstuvwxyz0123456789";
        let fillings: [Filling; 6] = [
            Box::new(|_, length| "x".repeat(length)),
            Box::new(|_, length| "0".repeat(length)),
            Box::new(|_, length| typed.chars().cycle().take(length).collect()),
            Box::new(|_, _| "<your-key-here>".into()),
            Box::new(|_, _| "#{System.fetch_env!(\"KEY\")}".into()),
            Box::new(|_, _| "${SHOP_KEY}".into()),
        ];
        let tokens = fillings.into_iter().map(|mut it| fill(&self.shape, &mut *it));
        let cut = fill(&self.shape, &mut |set, length| random(set, length / 8, dice));
        let tokens: Vec<_> = tokens.chain([cut]).collect();
        tokens.into_iter().flat_map(|it| self.around(&it, dice)).map(|(_, text)| text).collect()
    }
}

/// `@` is where the token goes; the last one, because modules have attributes.
fn with(place: &str, token: &str) -> String {
    let (before, after) = place.rsplit_once('@').unwrap();
    format!("{before}{token}{after}")
}

/// Replaces `{w36}` by what `part` makes of the set and the length, and leaves `~` out; `~~` is one.
fn fill(shape: &str, part: &mut dyn FnMut(&str, usize) -> String) -> String {
    let joined: Vec<_> = shape.split("~~").map(|it| it.replace('~', "")).collect();
    let (joined, mut told) = (joined.join("~"), String::new());
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        told.push_str(before);
        if let Some((set, length, left)) = placed(after) {
            told.push_str(&part(set, length));
            rest = left;
        } else {
            told.push('{');
            rest = after;
        }
    }
    told + rest
}

/// `w36}` at the beginning, and what is left.
fn placed(text: &str) -> Option<(&str, usize, &str)> {
    let (inside, left) = text.split_once('}')?;
    let (set, length) = inside.split_at_checked(1)?;
    Some((set, length.parse().ok()?, left))
}

fn random(set: &str, length: usize, dice: &mut Dice) -> String {
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    let both = format!("{UPPER}{LOWER}");
    match set {
        "a" => dice.text(&both, length),
        "w" => dice.text(&format!("{both}0123456789"), length),
        "b" => dice.text(&format!("{both}0123456789_-"), length),
        "B" => dice.text(&format!("{both}0123456789+/"), length),
        "h" => dice.text("0123456789abcdef", length),
        "d" => dice.text("0123456789", length),
        "l" => dice.text(&format!("{LOWER}0123456789"), length),
        "U" => dice.text(&format!("{UPPER}0123456789"), length),
        "2" => dice.text(&format!("{UPPER}234567"), length),
        "q" => dice.text("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", length),
        // A password: what a generator makes, with a digit.
        "p" => dice.text(&format!("{both}{both}0123456789!_*+-"), length.saturating_sub(1)) + "7",
        "u" => uuid(dice, length),
        other => panic!("no set of characters is called {other}"),
    }
}

fn uuid(dice: &mut Dice, length: usize) -> String {
    let parts = [8, 4, 4, 4, 12].map(|it| dice.text("0123456789abcdef", it));
    parts.join("-").chars().take(length).collect()
}

/// What stands in files everywhere and is no secret.
pub(super) fn innocent() -> Vec<(&'static str, String)> {
    let mut dice = Dice::new();
    let mut texts = Vec::new();
    for _ in 0..20 {
        let mut hex = |length| random("h", length, &mut dice);
        let (sha1, sha256, md5) = (hex(40), hex(64), hex(32));
        let uuid = uuid(&mut dice, 36);
        let (base64, short) = (random("B", 86, &mut dice), random("l", 12, &mut dice));
        texts.extend([
            ("mix.lock", format!("\"jason\": {{:hex, :jason, \"1.4.1\", \"{sha256}\", [:mix], [], \"hexpm\", \"{sha256}\"}},")),
            ("assets/package-lock.json", format!("\"js-tokens\": {{\"integrity\": \"sha512-{base64}==\", \"resolved\": \"https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.0.tgz\"}}")),
            ("lib/shop.ex", format!("  @token_id \"{uuid}\"\n  token: \"{uuid}\", secret: \"{sha1}\", api_key: \"{md5}\"")),
            ("lib/shop.ex", format!("<img src=\"data:image/png;base64,{base64}{base64}\" alt=\"token\">")),
            ("lib/shop.ex", format!("commit {sha1}\nrevision = \"{sha256}\"\netag = \"{md5}\"")),
            ("test/shop_test.exs", format!("  password: \"{short}X9!\", token: \"{base64}\"")),
            ("config/test.exs", format!("config :shop, secret_key_base: \"{base64}\", api_key: \"{base64}\"")),
            (".env.example", format!("SHOP_API_KEY={base64}")),
            ("docs/start.md", format!("api_key: \"{base64}\"")),
            ("lib/shop.ex", format!("# api_key: \"{base64}\"\n// token = \"{base64}\"")),
            ("lib/shop.ex", format!("token: \"{base64}\" # test_fixture")),
            ("lib/shop.ex", format!("token: \"{base64}\" # gitleaks:allow")),
            ("config/dev.exs", format!("config :shop, secret_key_base: \"{base64}\"")),
        ]);
    }
    let lines = include_str!("innocent.txt").lines().map(|it| ("lib/shop.ex", it.to_owned()));
    texts.extend(lines);
    texts
}
