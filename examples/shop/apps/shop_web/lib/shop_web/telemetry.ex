defmodule ShopWeb.Telemetry do
  @moduledoc """
  Counts what happens in this VM. Counting takes no lock and no message, so a request does not
  wait for it.
  """

  @events [:connections, :requests, :errors]
  @indexes @events |> Enum.with_index(1) |> Map.new()

  @typedoc "`errors` are requests that were answered with a status of 500 or above."
  @type event :: :connections | :requests | :errors

  @doc """
  Makes the counters, all zero. Called once, before anything counts.
  """
  @spec install() :: :ok
  def install, do: :persistent_term.put(__MODULE__, :counters.new(length(@events), []))

  @doc """
  Counts one event.
  """
  @spec count(event()) :: :ok
  def count(event), do: :counters.add(counters(), Map.fetch!(@indexes, event), 1)

  @doc """
  How often each event happened since the start.
  """
  @spec totals() :: [{event(), non_neg_integer()}]
  def totals, do: Enum.map(@events, &{&1, :counters.get(counters(), Map.fetch!(@indexes, &1))})

  @doc """
  How long this VM has run, in milliseconds.
  """
  @spec uptime_ms() :: non_neg_integer()
  def uptime_ms do
    {total, _since_last_call} = :erlang.statistics(:wall_clock)
    total
  end

  defp counters, do: :persistent_term.get(__MODULE__)
end
