# What is easily misread, in one place.
defmodule Tricky.Syntax do
  @moduledoc """
  Text with code in it: `String.to_atom("a")`, and a quote \"""
  that does not end it. #{"interpolated"}
  """

  import Bitwise, only: [&&&: 2, |||: 2]
  alias Tricky.{One, Two.Three}
  alias __MODULE__.Inner, as: Within

  @type t :: %{required(:a) => integer | nil, optional(atom) => (-> any) | (integer, atom -> term)}
  @type named :: %{key :: term => value :: term}
  @callback fetch(t, config :: keyword(), (... -> result)) :: result when result: var, t: term
  @spec a + b :: integer when a: integer, b: integer
  @empty %{}
  @one @empty[:one]
  @list ~w(a b #{1 + 1} c)a

  def a + b, do: a - -b
  def unquote(:"odd name")(x), do: x

  defguard is_small(x) when is_integer(x) and x < 10 and not (x in [1, 2])

  def no_parens x, y do
    if x == y do
      send self(), {:same, x}
    else
      unless x, do: y, else: raise ArgumentError, message: "no"
    end
  end

  def operators(a, b) do
    _ = a not in b
    _ = not a in b
    _ = !a && b || (a and b or not b)
    _ = a
        |> Kernel.+(1)
        |> Kernel.div(2)
    _ = 1..10//2
    _ = ..
    _ = -a ** 2 + b
    _ = a <> b <> "c" ++ 'd'
    _ = &(&1 + &2)
    _ = &Kernel.<>/2
    _ = &and/2
    _ = & &1.name
    _ = &no_parens/2
    _ = {&+/2, &not/1}
    _ = a &&& b ||| a ^^^ b
    -1
  end

  def containers(m) do
    %{m | a: 1, b: 2}
    %{m | :a => 1, "b" => 2}
    %__MODULE__{m | c: 3}
    %Within{"k": 1, "two words": 2}
    [m | [1, 2]]
    [1, a: 2, b: [c: 3]]
    {m, a: 1}
    <<x::size(8), _rest::binary>> = m
    m[:a][:b].c.d[x]
    m.a.b(1)[:c]
    m."quoted name"
    f = fn -> x end
    f.().(1)
    [a@b: 0, %{}: 1, <<>>: 2, {}: 3, +: 4, and: 5, do: 6]
  end

  def texts(x) do
    "a #{x} \#{not} #{"nested #{inspect(%{a: "}"})}"} b"
    'charlist #{x}'
    ~s(a (b\) #{x})
    ~S(no #{interpolation})
    ~r/a\/b #{x}/iu
    ~w[one two]
    ~D[2026-01-01]
    :"quoted #{x}"
    :"quoted"
    [?a, ?\n, ?\s, ?\\, ?", ?#, ?\x41, ?\u{1F600}, ?é]
    0xFF + 0b10 + 0o17 + 1_000_000 + 1.0e-10
    """
    heredoc with # no comment
      "quotes" and \
    """
    ~S"""
    no #{interpolation} here \
    """
    ~H"""
    <div class={@class}><%= if @x do %>x<% end %></div>
    """
  end

  def clauses(x) do
    case x do
      {:ok, y} when y > 1 and
                      y < 5 ->
        y

      [_ | _] = list ->
        list
        |> Enum.map(fn
          1 -> :one
          n when n in 2..3 -> :few
          _ -> :many
        end)

      _ ->
        nil
    end

    with {:ok, a} <- x,
         b = a + 1,
         {:ok, c} when is_integer(c) <- b do
      c
    else
      {:error, _} = error -> error
      :error -> :none
    end

    for a <- x, b <- a, a != b, into: %{}, uniq: true, do: {a, b}

    receive do
      {:ping, from} -> send(from, :pong)
    after
      5_000 -> :timeout
    end

    cond do
      x > 1 -> 1
      true -> 2
    end

    fn a, b when is_atom(a) -> {a, b} end
    fn (a, b) -> a + b end
    fn () -> :ok end
    fn %{a: a}, [b: b] -> a; _, _ -> :other end
  end

  def rescued(f) do
    f.()
  rescue
    e in [ArgumentError, RuntimeError] -> reraise e, __STACKTRACE__
    _ in KeyError -> :key
    ErlangError -> :erlang
    e -> inspect(e)
  catch
    :exit, {:timeout, _} -> :timeout
    thrown -> thrown
  else
    :fine -> :ok
  after
    :cleaned
  end

  defmacro generated(name) do
    quote bind_quoted: [name: name] do
      def unquote(name)(), do: unquote(name)
      unquote_splicing([1, 2])
      @before_compile unquote(__MODULE__)
      %unquote(name){}
    end
  end

  defp with_block(x), do: (y = x; y)

  def chained(x),
    do:
      x
      |> case do
        nil -> []
        other -> other
      end
      |> then(& &1)

  def last_but_not_least(opts \\ [], other \\ %{}), do: {opts, other, :"quoted atom", true, nil}
end
