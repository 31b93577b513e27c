using Microsoft.Extensions.DependencyInjection;

namespace EmbeddedHost;

/// <summary>
/// Adds middleware.
/// Stands for Microsoft.Extensions.Hosting.MiddlewareWorkerApplicationBuilderExtensions.
/// </summary>
public static class MiddlewareWorkerApplicationBuilderExtensions
{
    /// <summary>Adds <typeparamref name="T"/> as a singleton and puts it behind the middleware added so far.</summary>
    /// <typeparam name="T">The middleware's type.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The same builder.</returns>
    public static IFunctionsWorkerApplicationBuilder UseMiddleware<T>(this IFunctionsWorkerApplicationBuilder builder)
        where T : class, IFunctionsWorkerMiddleware
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<T>();
        return builder.Use(next => context => context.InstanceServices.GetRequiredService<T>().Invoke(context, next));
    }

    /// <summary>Puts a function of context and next behind the middleware added so far.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="middleware">Called for each run; its second argument runs the rest of the pipeline.</param>
    /// <returns>The same builder.</returns>
    public static IFunctionsWorkerApplicationBuilder UseMiddleware(
        this IFunctionsWorkerApplicationBuilder builder, Func<FunctionContext, Func<Task>, Task> middleware)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(middleware);
        return builder.Use(next => context => middleware(context, () => next(context)));
    }

    /// <summary>As <see cref="UseMiddleware{T}"/>, only for the runs that match.</summary>
    /// <typeparam name="T">The middleware's type.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="predicate">Tells for a run whether the middleware takes part.</param>
    /// <returns>The same builder.</returns>
    public static IFunctionsWorkerApplicationBuilder UseWhen<T>(this IFunctionsWorkerApplicationBuilder builder, Func<FunctionContext, bool> predicate)
        where T : class, IFunctionsWorkerMiddleware
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(predicate);
        builder.Services.AddSingleton<T>();
        return builder.Use(next => context =>
            predicate(context) ? context.InstanceServices.GetRequiredService<T>().Invoke(context, next) : next(context));
    }
}
