using EmbeddedHost.Hosting;

namespace EmbeddedHost.Invocation;

/// <summary>One function's trigger, its settings resolved.</summary>
internal interface IBoundTrigger
{
    /// <summary>The kind, as in the real host's function.json: timerTrigger, queueTrigger, ...</summary>
    string Type { get; }

    /// <summary>Names whose values a plain parameter of the function may ask for, such as a route's.</summary>
    IReadOnlySet<string> Names { get; }

    /// <summary>Gives a parameter that is not the trigger's its value; null when this trigger has none for it.</summary>
    ParameterBinder? Bind(System.Reflection.ParameterInfo parameter, FunctionMethod method) => null;

    /// <summary>Fetches the work; null where others bring it.</summary>
    IListener? CreateListener(Function function);

    /// <summary>Makes the event for a run by hand from <c>POST /admin/functions/{name}</c>.</summary>
    /// <exception cref="FormatException">The input does not fit; the message says why.</exception>
    TriggerEvent FromAdmin(Function function, string? input);
}
