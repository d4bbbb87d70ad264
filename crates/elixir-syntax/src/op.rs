//! Operators, and how tightly they bind.

/// Which operand a chain of equal operators is grouped with first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assoc {
    Left,
    Right,
}

macro_rules! operators {
    ($($name:ident $text:literal $binds:literal $assoc:ident,)*) => {
        /// An operator. Words such as `and` are operators as well.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "as_str is what each of them looks like")]
        pub enum Op { $($name,)* }

        impl Op {
            /// As it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How tightly it binds between two operands, from the grammar of Elixir; 0 where it cannot stand there.
            pub(crate) fn binds(self) -> u8 {
                match self { $(Self::$name => $binds,)* }
            }

            pub(crate) fn assoc(self) -> Assoc {
                match self { $(Self::$name => Assoc::$assoc,)* }
            }

            pub(crate) fn word(text: &str) -> Option<Self> {
                match text {
                    "and" => Some(Self::And),
                    "in" => Some(Self::In),
                    "not" => Some(Self::Not),
                    "or" => Some(Self::Or),
                    "when" => Some(Self::When),
                    _ => None,
                }
            }
        }
    };
}

operators! {
    LeftArrow "<-" 40 Left,
    Default "\\\\" 40 Left,
    When "when" 50 Right,
    Type "::" 60 Right,
    Bar "|" 70 Right,
    // In a map it parts what stands on either side, whatever that is.
    Assoc "=>" 35 Right,
    Match "=" 100 Right,
    OrOr "||" 120 Left,
    OrOrOr "|||" 120 Left,
    Or "or" 120 Left,
    AndAnd "&&" 130 Left,
    AndAndAnd "&&&" 130 Left,
    And "and" 130 Left,
    Equal "==" 140 Left,
    NotEqual "!=" 140 Left,
    MatchText "=~" 140 Left,
    StrictEqual "===" 140 Left,
    StrictNotEqual "!==" 140 Left,
    Less "<" 150 Left,
    Greater ">" 150 Left,
    LessEqual "<=" 150 Left,
    GreaterEqual ">=" 150 Left,
    Pipe "|>" 160 Left,
    ShiftLeft "<<<" 160 Left,
    ShiftRight ">>>" 160 Left,
    ArrowLeftTilde "<<~" 160 Left,
    TildeArrowRight "~>>" 160 Left,
    LessTilde "<~" 160 Left,
    TildeGreater "~>" 160 Left,
    LessTildeGreater "<~>" 160 Left,
    LessBarGreater "<|>" 160 Left,
    In "in" 170 Left,
    NotIn "not in" 170 Left,
    Xor "^^^" 180 Left,
    Step "//" 190 Right,
    PlusPlus "++" 200 Right,
    MinusMinus "--" 200 Right,
    PlusPlusPlus "+++" 200 Right,
    MinusMinusMinus "---" 200 Right,
    Concat "<>" 200 Right,
    Range ".." 200 Right,
    Plus "+" 210 Left,
    Minus "-" 210 Left,
    Times "*" 220 Left,
    Divide "/" 220 Left,
    Power "**" 230 Left,
    Not "not" 0 Left,
    Bang "!" 0 Left,
    Pin "^" 0 Left,
    BitNot "~~~" 0 Left,
    Capture "&" 0 Left,
    At "@" 0 Left,
}

/// How tightly a sign or a negation binds.
pub(crate) const UNARY: u8 = 240;
/// How much a capture takes in.
pub(crate) const CAPTURE: u8 = 90;

impl Op {
    /// `+` and `-`: a sign, or an operation.
    pub(crate) fn is_dual(self) -> bool {
        matches!(self, Self::Plus | Self::Minus)
    }

    /// May it stand before its only operand?
    pub(crate) fn is_prefix(self) -> bool {
        self.is_dual()
            || matches!(
                self,
                Self::Not | Self::Bang | Self::Pin | Self::BitNot | Self::Capture | Self::At
            )
    }

    /// The longest operator that the text begins with. `<<`, `>>` and `->` are none.
    pub(crate) fn at(text: &[u8]) -> Option<Self> {
        let three = text.get(..3).and_then(Self::of_three);
        let two = || text.get(..2).and_then(Self::of_two);
        three.or_else(two).or_else(|| text.first().and_then(|it| Self::of_one(*it)))
    }

    fn of_three(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"===" => Self::StrictEqual,
            b"!==" => Self::StrictNotEqual,
            b"&&&" => Self::AndAndAnd,
            b"|||" => Self::OrOrOr,
            b"^^^" => Self::Xor,
            b"~~~" => Self::BitNot,
            b"<<<" => Self::ShiftLeft,
            b">>>" => Self::ShiftRight,
            b"<<~" => Self::ArrowLeftTilde,
            b"~>>" => Self::TildeArrowRight,
            b"<~>" => Self::LessTildeGreater,
            b"<|>" => Self::LessBarGreater,
            b"+++" => Self::PlusPlusPlus,
            b"---" => Self::MinusMinusMinus,
            _ => return None,
        })
    }

    fn of_two(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"<-" => Self::LeftArrow,
            b"\\\\" => Self::Default,
            b"::" => Self::Type,
            b"=>" => Self::Assoc,
            b"||" => Self::OrOr,
            b"&&" => Self::AndAnd,
            b"==" => Self::Equal,
            b"!=" => Self::NotEqual,
            b"=~" => Self::MatchText,
            b"<=" => Self::LessEqual,
            b">=" => Self::GreaterEqual,
            b"|>" => Self::Pipe,
            b"<~" => Self::LessTilde,
            b"~>" => Self::TildeGreater,
            b"//" => Self::Step,
            b"++" => Self::PlusPlus,
            b"--" => Self::MinusMinus,
            b"<>" => Self::Concat,
            b".." => Self::Range,
            b"**" => Self::Power,
            _ => return None,
        })
    }

    fn of_one(byte: u8) -> Option<Self> {
        Some(match byte {
            b'|' => Self::Bar,
            b'=' => Self::Match,
            b'<' => Self::Less,
            b'>' => Self::Greater,
            b'+' => Self::Plus,
            b'-' => Self::Minus,
            b'*' => Self::Times,
            b'/' => Self::Divide,
            b'!' => Self::Bang,
            b'^' => Self::Pin,
            b'&' => Self::Capture,
            b'@' => Self::At,
            _ => return None,
        })
    }
}
