metadata description = 'Delivers HR events to their queue, by the identity of the topic.'

import { queueTarget } from 'types.bicep'

param topicName string
param target queueTarget

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName

  resource subscription 'eventSubscriptions' = {
    name: target.queue
    properties: {
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      deliveryWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        destination: {
          endpointType: 'StorageQueue'
          properties: {
            resourceId: target.accountId
            queueName: target.queue
            // A message that is not taken stays: a leaver is not forgotten after a week.
            queueMessageTimeToLiveInSeconds: -1
          }
        }
      }
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: {
            resourceId: target.accountId
            blobContainerName: target.deadLetterContainer
          }
        }
      }
      // As long and as often as the service tries at most.
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    }
  }
}

output id string = topic::subscription.id
