using EmbeddedHost.Hosting;

namespace EmbeddedHost.Invocation;

/// <summary>
/// One kind of trigger. A further kind (such as an orchestration's) is a class of its own, registered with the others.
/// </summary>
internal interface ITriggerBinding
{
    /// <summary>The attribute that asks for it.</summary>
    Type Attribute { get; }

    /// <summary>Reads the attribute and checks the method against it; null when <paramref name="problems"/> got the reason why not.</summary>
    IBoundTrigger? Bind(FunctionMethod method, Problems problems);
}
